"""YAML read as text with places: what stays text, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from ivr.reading.shape import Seconds, locate, plain, read_model
from wording.yaml_source import Listing, Scalar, SourceRejected, Table, read_yaml


def refused(text: str | bytes) -> list[tuple[int, int, str]]:
    with pytest.raises(SourceRejected) as rejected:
        read_yaml(text, "f.yaml")
    assert str(rejected.value).startswith("f.yaml:")
    return [(p.line, p.column, p.message) for p in rejected.value.problems]


@pytest.mark.parametrize(
    "written",
    ["+48221234567", "0102", "8:30", "NO", "yes", "1e3", "0x1f", "null", "~", "2026-01-01"],
)
def test_scalars_stay_what_was_written(written: str) -> None:
    assert plain(read_yaml(f"key: {written}\n{written}: value\n", "f")) == {"key": written, written: "value"}


def test_every_key_and_value_knows_its_place() -> None:
    root = read_yaml('a:\n  b: [x, "ż y"]\n  "*": {c: d}\n', "f")
    assert isinstance(root, Table)
    inner = root.value("a")
    assert isinstance(inner, Table)
    items = inner.value("b")
    assert isinstance(items, Listing)
    assert (items.place.line, items.place.column) == (2, 6)
    second = items.items[1]
    assert isinstance(second, Scalar)
    assert (second.text, second.place.line, second.place.column, second.plain) == ("ż y", 2, 10, False)
    star = inner.entries["*"][0]
    assert (star.place.line, star.place.column) == (3, 3)
    found = locate(root, ("a", "*", "c"))
    assert (found.line, found.column) == (3, 12)
    assert locate(root, ("a", "*", "c"), key=True).column == 9
    assert locate(root, ("a", "short", "b", 0)).column == 7


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "'a' was already written in line 1"),
        ("a:\n\tb: 1", 2, 1, "a tab: indent with blanks"),
        (b"a: b\nb: \xff", 2, 4, "not UTF-8"),
        ("a: &x 1", 1, 4, "the anchor &x"),
        ("a: *x", 1, 4, "an alias"),
        ("<<: {a: 1}", 1, 1, "merging with <<"),
        ("a: !!int 1", 1, 4, "the tag"),
        ("a: !python/object x", 1, 4, "the tag"),
        ("a: x\n*: y", 2, 2, 'quoted: "*"'),
        ("a: b: c", 1, 5, "put the text in quotation marks"),
        ("a: [b", 1, 6, "a comma or ] is missing here, for the [ of column 4"),
        ("a:\n  b: {c: d\n  e: f\n", 2, 6, "this { is not closed with }, or a comma is missing"),
        ('a: {b: "x" c: d}', 1, 12, "a comma or } is missing here, for the { of column 4"),
        ('a: "b\nc: d\n', 1, 4, "this quotation mark is never closed"),
        ('a: "b" c\n', 1, 8, 'nothing may follow " in this line'),
        ("a: {order} is here\n", 1, 12, "nothing may follow } in this line"),
        ("a: 'don't'\n", 1, 9, "nothing may follow ' in this line"),
        ("a:\n    b: c\n  d: e\n", 3, 3, "indented differently"),
        ("a: b\n  c: d\n", 2, 4, "check the indentation"),
        ("a:\n  b:c\n  d: e\n", 3, 4, "the blank after each colon"),
        ("a:\n  b: c\n  - d\n", 3, 3, "an entry of a list stands among keys"),
        ("a:\n  b: c\n  d\n  e: f\n", 3, 3, "a key without a value"),
        ('a: "b\\d"\n', 1, 6, "write \\\\ for the sign itself"),
        ("a: {*: {b: c}}\n", 1, 6, 'quoted: "*"'),
        ("a: {1: {b: c}, #: {b: c}}\nd: e\n", 1, 16, 'quoted: "#"'),
        ("a:\n  1: b\n  #: {c: d}\n  2: e\n", 3, 3, 'quoted: "#"'),
        ("a: {b: c}}\n", 1, 10, "one } too many"),
        ("a: [b,, c]\n", 1, 7, "a value is missing before ','"),
        ("%a: b\n", 1, 3, "begins with % is put in quotation marks"),
        ("a: |x\n  y\n", 1, 4, "begins with | or >"),
        ("a: & b\n", 1, 5, 'quoted: "&"'),
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("a: 1\n---\nb: 2", 2, 1, "a second document"),
        ("? [a]\n: b", 1, 3, "a key must be a word"),
        ("a: b\nc: \x07", 2, 4, "U+0007"),
        ("a: x\u2028y", 1, 5, "U+2028"),
        (r'{a: "b\0"}', 1, 5, "U+0000"),
        ("a: @b", 1, 4, "begins with @ is put in quotation marks"),
        ("[" * 40, 1, 31, "nested more than 30"),
        ("x" * 1_000_001, 1, 1, "more than 1,000,000 characters"),
        ("[" + "a," * 100_001 + "a]", 1, 200_000, "more than 100,000 keys and values"),
    ],
)
def test_refused(text: str | bytes, line: int, column: int, said: str) -> None:
    first = refused(text)[0]
    assert first[:2] == (line, column)
    assert said in first[2]


def test_a_comment_or_text_with_a_hash_is_no_key() -> None:
    text = 'a: b # a note #: this\n# old: {#: c}\nc: "press #: then"\n"#": d\ne: f#: g\n'.replace(
        "f#: g", "f#g"
    )
    assert plain(read_yaml(text, "f")) == {"a": "b", "c": "press #: then", "#": "d", "e": "f#g"}


def test_problems_are_told_together_and_in_order() -> None:
    found = refused("a: 1\na: &x 2\nb: !t 3\n<<: {}\n")
    assert [(line, column) for line, column, _ in found] == [(2, 1), (2, 4), (3, 4), (4, 1)]


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    levels = "\n".join(f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 40))
    assert "anchor" in refused("l0: &l0 [x]\n" + levels)[0][2]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_inside_the_file(text: str) -> None:
    problems = []
    try:
        read_yaml(text, "f")
    except SourceRejected as rejected:
        problems = list(rejected.problems)
    lines = text.count("\n") + 2
    assert all(1 <= p.line <= lines and p.column >= 1 and p.message for p in problems)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        node = read_yaml(raw, "f")
    except SourceRejected as rejected:
        assert rejected.problems  # noqa: PT017
    else:
        assert node.place.line >= 1


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wait: Seconds
    count: int = 1
    loud: bool = False


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    inner: list[Inner]


def test_a_model_is_filled() -> None:
    node = read_yaml("name: 007\ninner:\n - {wait: 2m, count: 3, loud: yes}\n - wait: 500ms\n", "f")
    model = read_model(Outer, node, "f")
    assert model.name == "007"
    assert [(i.wait, i.count, i.loud) for i in model.inner] == [(120.0, 3, True), (0.5, 1, False)]


def test_what_a_model_refuses_has_its_place() -> None:
    text = "nam: x\ninner:\n - {wait: soon, count: x}\n - {wiat: 1s, wait: 5, loud: maybe}\n - no\n"
    with pytest.raises(SourceRejected) as rejected:
        read_model(Outer, read_yaml(text, "f"), "f", about="here: ")
    assert {str(p) for p in rejected.value.problems} == {
        "f:1:1: here: 'nam' is not known here (did you mean 'name'?)",
        "f:3:11: here: 'wait': a duration with its unit is wanted here, such as 5s, 2m or 4h",
        "f:3:24: here: 'count': a whole number is wanted here",
        "f:4:5: here: 'wiat' is not known here (did you mean 'wait'?)",
        "f:4:21: here: 'wait': a duration with its unit is wanted here, such as 5s, 2m or 4h",
        "f:4:30: here: 'loud': true or false is wanted here",
        "f:5:4: here: 'inner': keys and values are wanted here, such as {key: value}",
    }
