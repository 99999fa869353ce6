"""Every text that flows say has a name under which it can be recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from ivr import errand_sentences, queue_sentences, sentences
from ivr.flow import Flow
from ivr.reading.loader import FlowText, load_flow
from ivr.spoken_texts import SpokenText, own_texts, spoken_texts
from wording.templates import Template, parse_template

SHIPPED = Path(__file__).parents[2] / "callflows"

SHOP = """\
flow: shop
languages: [pl, en]
always: {agent: bye, trouble: bye}
start: hello
steps:
  hello: {say: {pl: "Dzień dobry.", en: "Hello."}, next: again}
  again: {say: {pl: "Dzień dobry.", en: "Hello {{again}}."}, next: number}
  number:
    ask:
      into: order
      digits: 6
      prompt: {pl: "Numer?", en: "Number?"}
      unclear: {pl: "Nie zrozumiałam.", en: "What?"}
    next: told
    otherwise: bye
  told: {say: {pl: "Numer {order|digits}.", en: "Number {order|digits}."}, next: bye}
  bye: {hangup: normal}
"""


def load(text: str, file: str = "shop.yaml") -> Flow:
    return load_flow(text.encode(), file)


def shipped() -> list[Flow]:
    def beside(name: str) -> FlowText | None:
        path = SHIPPED / f"{name}.yaml"
        return FlowText(str(path), path.read_bytes()) if path.is_file() else None

    return [load_flow(path.read_bytes(), str(path), others=beside) for path in sorted(SHIPPED.glob("*.yaml"))]


def names(texts: tuple[SpokenText, ...], language: str) -> dict[str, str]:
    return {one.name: one.text for one in texts if one.language == language and "infolinia." not in one.name}


def test_a_text_is_named_by_where_it_stands_first() -> None:
    texts = spoken_texts([load(SHOP)])
    assert names(texts, "pl") == {
        "shop.hello.1": "Dzień dobry.",
        "shop.number.1": "Numer?",
        "shop.told.1": "Numer {order|digits}.",
    }
    assert names(texts, "en") == {
        "shop.hello.1": "Hello.",
        "shop.again.1": "Hello {again}.",
        "shop.number.1": "Number?",
        "shop.number.2": "What?",
        "shop.told.1": "Number {order|digits}.",
    }
    assert {one.name for one in texts if not one.fixed and "shop" in one.name} == {"shop.told.1"}
    own = {one.name for one in texts if one.name.startswith("infolinia.")}
    assert {"infolinia.unclear", "infolinia.read_back"} <= own
    assert "infolinia.position" not in own  # nobody waits in a queue here


def test_all_that_is_spoken_ahead_of_a_call_is_there_once() -> None:
    flows = shipped()
    texts = spoken_texts(flows)
    fixed = [(one.text, one.language) for one in texts if one.fixed]
    assert len(fixed) == len(set(fixed))
    assert set(fixed) >= {prompt for flow in flows for prompt in flow.prompts()}
    named = [(one.name, one.language) for one in texts]
    assert len(named) == len(set(named))
    assert all(len(one.name) <= 150 for one in texts)


def test_a_called_flows_texts_are_named_by_its_own_file() -> None:
    (debt_line,) = (flow for flow in shipped() if flow.name == "debt-line")
    called = {one.name for one in spoken_texts([debt_line]) if one.name.startswith("identify.")}
    assert called == {one.name for one in spoken_texts(shipped()) if one.name.startswith("identify.")}
    assert called


def test_flows_of_one_name_keep_their_texts_apart() -> None:
    other = load(SHOP.replace("Dzień dobry.", "Dobry wieczór."), "other/shop.yaml")
    found = names(spoken_texts([load(SHOP), other]), "pl")
    assert (found["shop.hello.1"], found["shop.hello.1-2"]) == ("Dzień dobry.", "Dobry wieczór.")


def sentences_of(module: ModuleType) -> Iterator[Mapping[str, Template]]:
    for value in vars(module).values():
        if isinstance(value, dict) and value and all(isinstance(one, Template) for one in value.values()):
            yield value


@pytest.mark.parametrize("language", sorted(sentences.LANGUAGES))
def test_every_sentence_of_the_interpreter_has_a_name(language: str) -> None:
    own = {one.template.source for one in own_texts(language)}
    written = [
        texts
        for module in (sentences, errand_sentences, queue_sentences)
        for texts in sentences_of(module)
        if texts not in (sentences.OFFER, sentences.NAMED)  # said with a flow's own words in them
    ]
    assert len(written) > 8
    assert {texts[language].source for texts in written} <= own


@pytest.mark.parametrize(
    ("template", "text", "can"),
    [
        ("Order {order|digits} is here.", "Order one two is here.", True),
        ("Order {order|digits} is here.", "Order  one two is\nhere.", True),
        ("Order {order|digits} is here.", "Order is here.", False),
        ("Order {order|digits} is here.", "Order one two was here.", False),
        ("{day} at (about) {time}.", "Monday at (about) noon.", True),
        ("{day} at (about) {time}.", "Monday at about noon.", False),
        ("{name}", "anything", True),
    ],
)
def test_whether_a_text_is_one_with_its_values(template: str, text: str, can: bool) -> None:
    assert SpokenText("a", "en", parse_template(template)).can_read(text) is can
