"""What the interpreter says by itself names no keys and no telephone to who reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from ivr import errand_sentences, queue_sentences, sentences
from ivr.commands import Command, Say, Text
from ivr.dialogue import Dialogue
from ivr.reading.loader import load_flow
from ivr.surroundings import Surroundings
from ivr.written_sentences import as_written

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OF_TELEPHONES = re.compile(
    r"press|\bsay\b|\bhear|call again|your call|nacis|\bpowiedz|słysz|zadzwo|odbierz"
    r"|нажм|скаж|слыш|сказали|перезвоните",
    re.IGNORECASE,
)
OWN = {
    f"{room.__name__}.{name}": texts
    for room in (sentences, queue_sentences, errand_sentences)
    for name, texts in vars(room).items()
    if name.isupper() and not name.startswith("_") and isinstance(texts, dict)
    if name not in ("OFFER", "INSTEAD")
}
FLOW = """\
flow: shop
languages: [en]
always: {agent: end, trouble: end}
start: pick
steps:
  pick: {menu: {prompt: "Which one?", each: dialled, offer: "{it}", into: which}, next: end, otherwise: end}
  end: {hangup: normal}
"""


@pytest.mark.parametrize("name", OWN)
def test_nobody_who_reads_is_told_of_a_telephone(name: str) -> None:
    for language in sentences.LANGUAGES:
        assert not OF_TELEPHONES.search(as_written(OWN[name])[language].source), language


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (True, "Which one? 1: red. 2: blue."),
        (False, "Which one? red: press one. blue: press two."),
    ],
)
def test_a_list_is_written_with_its_numbers(written: bool, said: str) -> None:
    facts = {"dialled": ["red", "blue"]}
    flow = load_flow(FLOW.encode(), "shop.yaml")
    dialogue = Dialogue(flow, facts=facts, surroundings=Surroundings(written=written))
    assert _said(dialogue.start(NOW)) == said


def _said(commands: tuple[Command, ...]) -> str:
    parts = [part for command in commands if isinstance(command, Say) for part in command.parts]
    return " ".join(part.text for part in parts if isinstance(part, Text))
