"""Expressions and texts with values: what they mean, and what is refused at which character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.expressions import ExpressionProblem, Unset, compared, parse_expression
from wording.templates import parse_template

SCOPE = {
    "order": "912345",
    "zero": "0",
    "empty": "",
    "no": "false",
    "yes": "true",
    "reply": {"status": "sent", "parcels": 2, "nothing": None, "late": False},
    "many": ["a"],
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("order", "912345"),
        ("reply.status", "sent"),
        ("reply.parcels", 2),
        ("reply.missing", None),
        ("missing.anything", None),
        ("order.length", None),
        ("order|first", "9"),
        ("order|first(2)", "91"),
        ("order | last(3)", "345"),
        ("reply.status|upper", "SENT"),
        ("reply.status|upper|lower", "sent"),
        ("order|last(2)|digits", "four five"),
        ("missing|upper", None),
        ("'quoted text'", "quoted text"),
        ("12", 12),
        ("1.5", 1.5),
        ("((order))", "912345"),
    ],
)
def test_values(source: str, value: object) -> None:
    assert parse_expression(source).value(SCOPE, "en") == value


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("order == '912345'", True),
        ("order == 912345", True),
        ("order == '0912345'", False),
        ("order|first == '9'", True),
        ("order|first == 9", True),
        ("order != '1'", True),
        ("order > 900000", True),
        ("order < '95'", False),
        ("reply.parcels >= 2", True),
        ("reply.parcels < 10", True),
        ("reply.status < 'zzz'", True),
        ("missing == ''", True),
        ("missing == empty", True),
        ("missing != 'x'", True),
        ("missing < 5", False),
        ("missing > 5", False),
        ("missing", False),
        ("not missing", True),
        ("zero", False),
        ("empty", False),
        ("no", False),
        ("yes", True),
        ("many", True),
        ("reply.late", False),
        ("not reply.late and order", True),
        ("missing or order", True),
        ("missing and order or yes", True),
        ("missing and (order or yes)", False),
        ("not missing == 'x'", True),
        ("yes == true", True),
        ("no == false", True),
        ("reply.late == false", True),
    ],
)
def test_conditions(source: str, holds: bool) -> None:
    assert parse_expression(source).holds(SCOPE, "en") is holds


@pytest.mark.parametrize(
    ("source", "column", "said"),
    [
        ("", 1, "missing"),
        ("order ==", 9, "too early"),
        ("order = '1'", 7, "compare with =="),
        ("order == '1", 10, "close the quotation mark"),
        ("(order", 7, "close the bracket"),
        ("order)", 6, "not expected"),
        ("order order", 7, "not expected"),
        ("order|shout", 7, "no filter is named 'shout'"),
        ("order|upper(1)", 7, "takes no arguments"),
        ("order|first(x)", 7, "a count"),
        ("order|first(0)", 7, "a count"),
        ("order|first(1", 14, "close the bracket"),
        ("order.", 7, "after the dot"),
        ("order.__class__()", 7, "begins with a letter"),
        ("__import__('os')", 1, "begins with a letter"),
        ("a; b", 2, "no meaning"),
        ("a[0]", 2, "no meaning"),
        ("and", 1, "not expected"),
        ("(" * 40 + "a", 21, "levels of brackets"),
        ("a" * 3000, 1, "more than 2000"),
    ],
)
def test_refused(source: str, column: int, said: str) -> None:
    with pytest.raises(ExpressionProblem, match="at character") as refused:
        parse_expression(source)
    assert said in str(refused.value)
    assert refused.value.column == column


def test_names() -> None:
    assert parse_expression("a.b == c|first and not d").names == {"a", "c", "d"}
    assert parse_template("{a} {b.c|upper} {{d}}").names == {"a", "b"}


def test_python_is_out_of_reach() -> None:
    """Attributes are looked up in mappings only."""
    assert parse_expression("reply.items").value(SCOPE, "en") is None
    assert parse_expression("order.upper").value(SCOPE, "en") is None


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain", "plain"),
        ("{{not a value}}", "{not a value}"),
        ("No. {order|first(3)}!", "No. 912!"),
        ("{reply.parcels} parcels, late: {reply.late}", "2 parcels, late: false"),
        ("{order}{order|last}", "9123455"),
        ("", ""),
    ],
)
def test_templates(source: str, text: str) -> None:
    assert parse_template(source).render(SCOPE, "en") == text


@pytest.mark.parametrize(
    ("source", "column"), [("a {b", 3), ("a } b", 3), ("{}", 2), ("ab {x|y}", 7), ("{a{b}", 3), ("{{{", 3)]
)
def test_templates_refused(source: str, column: int) -> None:
    with pytest.raises(ExpressionProblem) as refused:
        parse_template(source)
    assert refused.value.column == column


def test_nothing_unset_is_ever_said() -> None:
    with pytest.raises(Unset, match=r"reply\.nothing"):
        parse_template("{reply.nothing}").render(SCOPE, "en")


@pytest.mark.parametrize("value", [{}, {"a": 1}, [], ["a"], ("a",)])
@pytest.mark.parametrize("source", ["{x}", "{x|digits}", "{x|upper|first}"])
def test_a_list_or_a_table_is_never_said(source: str, value: object) -> None:
    with pytest.raises(Unset, match="x"):
        parse_template(source).render({"x": value}, "en")


def test_secrets_are_masked() -> None:
    template = parse_template("{pin|digits}, {order|first}")
    assert template.masked({"pin": "1234", **SCOPE}, "en", {"pin"}) == "***, 9"


def test_values_stay_on_one_line() -> None:
    assert parse_template("{x}").render({"x": "a\r\nb\x00\u2028c"}, "en") == "a b c"


@given(st.text(max_size=80))
def test_any_source_is_parsed_or_refused(source: str) -> None:
    column = 1
    try:
        parse_expression(source).value(SCOPE, "en")
    except ExpressionProblem as refused:
        column = refused.column
    assert 1 <= column <= len(source) + 1


@given(st.text(max_size=80))
def test_any_template_is_rendered_or_refused(source: str) -> None:
    try:
        parse_template(source).render(SCOPE, "pl")
    except (ExpressionProblem, Unset):
        return
    assert "{" not in source.replace("{{", "") or "}" in source


VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.text("0129.x-", max_size=4)


@given(VALUES, VALUES)
def test_comparisons_agree_with_one_another(left: object, right: object) -> None:
    assert compared(left, "==", right) is not compared(left, "!=", right)
    assert compared(left, "==", right) is compared(right, "==", left)
    assert compared(left, "<", right) is compared(right, ">", left)
    if compared(left, "<", right):
        assert not compared(left, ">=", right)


@pytest.mark.parametrize("source", ["caller.__class__", "_scope", "reply._secret", "not __name__"])
def test_a_name_that_begins_with_an_underscore_is_refused(source: str) -> None:
    with pytest.raises(ExpressionProblem, match="a name begins with a letter"):
        parse_expression(source)


@pytest.mark.parametrize(("left", "right"), [("many", 0), (0, "many"), ("12a", 5), ("", 5)])
def test_a_number_is_neither_before_nor_after_what_is_none(left: object, right: object) -> None:
    assert not any(compared(left, sign, right) for sign in ("<", "<=", ">", ">="))


def test_dates_and_times_are_in_order_as_texts() -> None:
    assert compared("2026-03-22", "<", "2026-04-01")
    assert compared("14:30", ">=", "08:30")
