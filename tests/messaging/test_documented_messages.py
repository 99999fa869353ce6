"""What docs/messages.md says of templates, words and cascades is so."""

from __future__ import annotations

import re
from pathlib import Path

from messaging.cascade_plan import Goal, MoveOn, mistakes
from messaging.cascade_reading import load_cascade
from messaging.opting import WORDS, OptingWords, Wish, bare
from messaging.template_reading import load_template
from messaging.templates import unknown_names
from wording.yaml_source import Table, read_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def section(heading: str) -> str:
    return PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> set[str]:
    return {
        word
        for line in text.splitlines()
        if line.startswith("| `")
        for word in re.findall(r"`([^`]+)`", line.split("|")[1])
    }


def test_the_template_is_one_and_its_keys_are_told() -> None:
    source = next(text for text in EXAMPLES if text.startswith("template:"))
    template = load_template(source, "order_sent.yaml", named="order_sent")
    assert unknown_names(template, ()) == ()
    tree = read_yaml(source, "order_sent.yaml")
    assert isinstance(tree, Table)
    assert set(tree.entries) <= first_cells(section("Templates"))
    wrong = load_template(source.replace("zamówienie {order}", "zamówienie {ordr}"), "order_sent.yaml")
    assert f"*{unknown_names(wrong, ())[0]}*" in PAGE


def test_the_cascade_is_one_and_what_moves_it_on_is_told() -> None:
    source = next(text for text in EXAMPLES if text.startswith("cascade:"))
    cascade = load_cascade(source, "payment_due.yaml", named="payment_due")
    assert [told for told in mistakes(cascade, {}) if "there is no template" not in told] == []
    told = section("Cascades")
    assert {reason.value for reason in MoveOn} <= first_cells(told)
    assert all(f"`{goal}`" in told for goal in Goal)


def test_the_words_are_those_that_are_understood() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines()]
    wishes = {"no more messages": Wish.STOP, "messages again": Wish.START, "help": Wish.HELP}
    found = {wishes[row[0]]: row[1:] for row in rows if row[0] in wishes and len(row) == 4}
    assert set(found) == set(Wish)
    for wish, cells in found.items():
        for language, cell in zip(("en", "pl", "ru"), cells, strict=True):
            written = {word.strip() for word in cell.split(",")}
            assert {bare(word) for word in written if word != "?"} == {bare(w) for w in WORDS[wish][language]}
    assert OptingWords().understood("?") is not None
