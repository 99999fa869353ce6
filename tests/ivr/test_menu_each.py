"""menu each: a list read out under numbers, whose item is chosen."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flows import HEAD, load
from stage import START, Stage

from ivr.dialogue import Dialogue
from ivr.events import Finished, Heard, KeyPressed, Resumed, Spoken
from ivr.flow import Flow
from ivr.reading.loader import FlowRejected

SLOTS = [
    {"at": "2026-03-22T14:30", "id": 7},
    {"at": "2026-03-23T09:00", "id": 8},
    {"at": "2026-03-23T10:15", "id": 9},
]


def flow_of(each: str = "reply.slots", more: str = "", offer: str = "{it.at|datetime}", language: str = "en"):
    return load(
        f"""
  first: {{webhook: {{service: slots, get: /slots, into: reply}}, next: slot, failed: person}}
  slot:
    menu: {{each: {each}, offer: "{offer}", into: slot {more}}}
    next: told
    empty: none
    otherwise: person
  told: {{say: "Number {{slot.id}}.", next: bye}}
  none: {{say: Nothing is free., next: bye}}
""",
        HEAD.replace("[en]", f"[{language}]").replace("start:", "use: {services: [slots]}\nstart:"),
    )


class Waiting(Stage):
    """A stage at the menu: `reply` is what the service answered."""

    def __init__(self, flow: Flow, reply: object) -> None:
        super().__init__(flow)
        assert self.dialogue.working is not None
        self.tell(Finished(self.dialogue.working, "next", {"reply": reply}))


def waiting(flow: Flow, slots: object = SLOTS) -> Waiting:
    return Waiting(flow, {"slots": slots})


def test_the_items_are_offered_under_numbers() -> None:
    stage = waiting(flow_of(more=", prompt: Choose a time."))
    first, *offers = [part.text for part in stage.say.parts]
    assert first == "Choose a time."
    assert [text.rsplit(": ", 1)[1] for text in offers] == ["press one.", "press two.", "press three."]
    assert "March twenty second" in offers[0]


@pytest.mark.parametrize(
    ("language", "ending"),
    [("pl", ": proszę nacisnąć dwa."), ("ru", ": нажмите два."), ("en", ": press two.")],
)
def test_in_each_language(language: str, ending: str) -> None:
    stage = waiting(flow_of(language=language))
    assert stage.say.parts[1].text.endswith(ending)
    assert "{" not in stage.said


def test_an_item_is_chosen_by_key() -> None:
    stage = waiting(flow_of())
    stage.keys("2")
    assert stage.said == "Number 8."
    assert stage.notes("value_set")[-1] == {"name": "slot", "value": SLOTS[1]}
    assert stage.notes("understood") == [{"step": "slot", "choice": "2", "by": "key", "confidence": 1.0}]


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [
        ("en", "the second one", 8),
        ("en", "three", 9),
        ("en", "option one", 7),
        ("en", "on Monday, March twenty third, at nine a m", 8),
        ("en", "sunday", 7),
        ("en", "fifteen", 9),
        ("pl", "pierwszy", 7),
        ("pl", "drugą", 8),
        ("pl", "numer trzy", 9),
        ("pl", "niedzielę", 7),
        ("ru", "второй", 8),
        ("ru", "третье", 9),
        ("ru", "воскресенье", 7),
    ],
)
def test_an_item_is_chosen_by_words(language: str, said: str, number: int) -> None:
    stage = waiting(flow_of(language=language))
    assert stage.ears is not None
    stage.hear(said, lang=language)
    assert stage.said == f"Number {number}."


def test_what_two_offers_have_in_common_chooses_neither() -> None:
    stage = waiting(flow_of(more=", unclear: Which one?"))
    stage.hear("monday")
    assert stage.said == "Which one?"


def test_words_that_work_everywhere_go_before_a_word_of_an_offer() -> None:
    stage = waiting(flow_of(offer="{it}"), ["the agent", "the shop"])
    stage.hear("agent")
    assert stage.path[-1] == "person"
    assert stage.notes("understood")[-1]["choice"] == "agent"


def test_the_same_offer_twice_is_chosen_by_number_only() -> None:
    stage = waiting(
        flow_of(offer="{it.name}", more=", unclear: Which?"), [{"name": "a box", "id": n} for n in (1, 2)]
    )
    stage.hear("a box")
    assert stage.said == "Which?"
    stage.hear("two")
    assert stage.said == "Number 2."


def test_other_keys_silence_and_attempts() -> None:
    stage = waiting(flow_of(more=", attempts: 3, prompt: Choose."))
    stage.keys("4")
    assert stage.said.startswith("Sorry, I didn't get that. Choose. ")
    stage.keys("*")
    assert stage.said.startswith("Choose. ")
    stage.spoken()
    stage.time_out()
    assert stage.said.startswith("I can't hear you. Choose. ")
    stage.hear("nonsense")
    assert stage.path[-1] == "person"
    assert stage.dialogue.ways[-1] == ("slot", "otherwise")


def test_at_most_so_many_are_offered() -> None:
    stage = waiting(flow_of(more=", most: 2"))
    assert len(stage.say.parts) == 2
    stage = waiting(flow_of(offer="{it}"), [str(n) for n in range(100)])
    assert len(stage.say.parts) == 9
    stage.keys("9")
    assert stage.notes("value_set")[-1]["value"] == "8"


@pytest.mark.parametrize("slots", [[], None, "text", 5, {"a": 1}, True])
def test_what_is_no_list_or_empty_is_empty(slots: object) -> None:
    stage = waiting(flow_of(), slots)
    assert stage.said == "Nothing is free."
    assert ("slot", "empty") in stage.dialogue.ways


@pytest.mark.parametrize("reply", [None, [], "x", {"slots": {"slots": []}}])
def test_a_reply_of_another_shape_is_empty(reply: object) -> None:
    assert Waiting(flow_of(), reply).said == "Nothing is free."


@pytest.mark.parametrize("items", [[{"id": 1}], [{"at": {"day": 1}}], [None], ["text"]])
def test_an_item_without_what_is_to_be_said_is_trouble(items: list[object]) -> None:
    stage = waiting(flow_of(), items)
    assert stage.notes("trouble")[0]["what"] == "unset value"
    assert stage.path[-1] == "sorry"


def test_hostile_items_are_said_as_plain_text() -> None:
    stage = waiting(flow_of(offer="{it}"), ["{caller}\n\0<break/>", 5])
    assert "{caller}" in stage.say.parts[0].text
    assert stage.say.parts[0].text.isprintable()


def test_an_unsure_choice_is_asked_back() -> None:
    stage = waiting(flow_of())
    stage.hear("second", confidence=0.5)
    assert stage.said.startswith("Did you say second?")
    stage.keys("1")
    assert stage.said == "Number 8."


def test_the_chosen_item_is_known_after_a_restart() -> None:
    flow = flow_of()
    stage = waiting(flow)
    stage.keys("3")
    state = json.loads(json.dumps(stage.dialogue.state()))
    again = Dialogue.restore(flow, state)
    again.handle(Resumed(), START)
    assert again.state()["variables"]["slot"] == SLOTS[2]


def test_a_restart_in_the_menu_offers_the_same_again() -> None:
    flow = flow_of()
    stage = waiting(flow)
    again = Dialogue.restore(flow, json.loads(json.dumps(stage.dialogue.state())))
    again.handle(Resumed(), START)
    later = START + timedelta(seconds=400)
    again.handle(Spoken(again.state()["say_id"]), later)  # type: ignore[arg-type]
    again.handle(KeyPressed("1"), later)
    assert again.state()["variables"]["slot"] == SLOTS[0]


def test_heard_in_a_language_that_is_not_spoken_means_nothing() -> None:
    stage = waiting(flow_of())
    stage.tell(Heard("pierwszy", "pl"))
    assert stage.notes("not_understood")


# --- when it is wrong in the file -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("menu", "outcomes", "told"),
    [
        ("each: caller, into: x", "next: bye, otherwise: bye", "'offer' is missing"),
        ('each: caller, offer: "{it}"', "next: bye, otherwise: bye", "'into' is missing"),
        (
            'each: caller, offer: "{it}", into: x, choices: {1: {next: bye}}',
            "next: bye, otherwise: bye",
            "either choices or each, not both",
        ),
        ('each: caller, offer: "{it}", into: x', "otherwise: bye", "'next' is missing"),
        ('each: caller, offer: "{it}", into: x, most: 10', "next: bye, otherwise: bye", "'most'"),
        ('each: caller, offer: "{thing}", into: x', "next: bye, otherwise: bye", "uses 'thing'"),
        ('each: slots, offer: "{it}", into: x', "next: bye, otherwise: bye", "uses 'slots'"),
        ('each: caller, offer: "{it}", into: x, prompt: "{it}"', "next: bye, otherwise: bye", "uses 'it'"),
        ("prompt: Hi, choices: {1: {next: bye}}, into: x", "otherwise: bye", "'into' belongs to each"),
        ("prompt: Hi, choices: {1: {next: bye}}", "otherwise: bye, empty: bye", "'empty'"),
        ("choices: {1: {next: bye}}", "otherwise: bye", "'prompt' is missing"),
        ("prompt: Hi", "otherwise: bye", "'choices' is missing"),
    ],
)
def test_each_mistake_is_told_once(menu: str, outcomes: str, told: str) -> None:
    with pytest.raises(FlowRejected) as rejected:
        load(f"  first: {{menu: {{{menu}}}, {outcomes}}}")
    assert [told in problem.message for problem in rejected.value.problems] == [True]


def test_the_item_chosen_is_set_only_by_next() -> None:
    with pytest.raises(FlowRejected, match="says 'x', which is not set"):
        load(
            '  first: {menu: {each: caller, offer: "{it}", into: x}, next: two, empty: two, otherwise: bye}\n'
            '  two: {say: "{x}", next: person}'
        )
