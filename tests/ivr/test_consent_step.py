"""consent: by key, by word, by silence; kept before the talk goes on."""

from __future__ import annotations

import json

import pytest
from flows import load
from stage import START, Stage, kinds

from ivr.commands import KeepConsent, Say
from ivr.dialogue import Dialogue
from ivr.events import CallerGone, Finished, KeyPressed, Resumed
from ivr.flow import Flow
from ivr.reading.loader import FlowRejected


def flow_of(fields: str) -> Flow:
    return load(
        f"""
  first: {{consent: {{to: recording, prompt: Agreed?, {fields}}}, next: given, refused: denied}}
  given: {{say: "Given {{consent_recording}}.", next: pin}}
  denied: {{say: "Refused {{consent_recording}}.", next: pin}}
  pin: {{ask: {{into: pin, digits: 2, prompt: Pin?}}, next: bye, otherwise: bye}}
"""
    )


OPT_OUT, OPT_IN, BOTH = "refuse: 9", "accept: 1", "accept: 1, refuse: 2"


def kept(stage: Stage) -> KeepConsent:
    (work,) = [command for command in stage.commands if isinstance(command, KeepConsent)]
    return work


def done(stage: Stage, outcome: str = "next") -> None:
    stage.tell(Finished(kept(stage).work_id, outcome), 0.1)


@pytest.mark.parametrize(("fields", "given"), [(OPT_OUT, True), (OPT_IN, False), (BOTH, False)])
def test_silence_is_an_answer_and_is_not_nagged_about(fields: str, given: bool) -> None:
    stage = Stage(flow_of(fields))
    stage.spoken()
    assert stage.due() == 3.0
    commands = stage.time_out()
    assert kinds(commands)[-1] is KeepConsent
    assert Say not in kinds(commands)
    work = kept(stage)
    assert (work.purpose, work.given, work.by) == ("recording", given, "silence")
    assert stage.notes("not_understood") == []
    done(stage)
    assert stage.said == ("Given true." if given else "Refused false.")


@pytest.mark.parametrize(
    ("fields", "act", "given", "by"),
    [
        (OPT_OUT, "9", False, "key"),
        (OPT_OUT, "no", False, "speech"),
        (OPT_OUT, "yes", True, "speech"),
        (OPT_IN, "1", True, "key"),
        (OPT_IN, "yes", True, "speech"),
        (OPT_IN, "i don't agree", False, "speech"),
        (BOTH, "1", True, "key"),
        (BOTH, "2", False, "key"),
    ],
)
def test_by_key_and_by_word(fields: str, act: str, given: bool, by: str) -> None:
    stage = Stage(flow_of(fields))
    _ = stage.keys(act) if act.isdecimal() else stage.hear(act)
    work = kept(stage)
    assert (work.given, work.by) == (given, by)
    assert stage.notes("understood")[0]["choice"] == ("yes" if given else "no")
    done(stage)
    assert stage.said == ("Given true." if given else "Refused false.")
    assert stage.dialogue.ways == [("first", "next" if given else "refused")]


@pytest.mark.parametrize("fields", [OPT_OUT, OPT_IN])
def test_what_is_no_answer_in_the_end_is_no_consent(fields: str) -> None:
    stage = Stage(flow_of(fields))
    stage.hear("nonsense")
    assert stage.said == "Sorry, I didn't get that. Agreed?"
    stage.hear("whatever")
    assert not kept(stage).given


def test_unsure_words_are_asked_back_and_silence_then_asks_again() -> None:
    stage = Stage(flow_of(OPT_OUT))
    stage.hear("no", confidence=0.5)
    assert stage.said.startswith("Did you say no?")
    stage.spoken()
    stage.time_out()
    assert stage.said.startswith("I can't hear you. Did you say no?")
    stage.keys("1")
    assert not kept(stage).given


def test_a_consent_that_could_not_be_kept_is_none() -> None:
    stage = Stage(flow_of(OPT_IN))
    stage.keys("1")
    done(stage, "failed")
    assert stage.said == "Refused false."
    assert stage.notes("value_set")[-1] == {"name": "consent_recording", "value": "false"}


def test_work_that_never_reports_is_trouble() -> None:
    stage = Stage(flow_of(OPT_IN))
    stage.keys("1")
    stage.time_out()
    assert stage.notes("trouble")[0]["what"] == "no outcome"
    assert stage.path == ["first", "sorry"]


def test_keys_pressed_ahead_are_for_the_next_question() -> None:
    stage = Stage(flow_of(OPT_OUT))
    stage.keys("94")
    stage.tell(KeyPressed("2"))
    done(stage)
    assert stage.path == ["first", "denied"]
    stage.spoken()
    assert stage.path == ["first", "denied", "pin", "bye"]
    assert stage.notes("value_set")[-1] == {"name": "pin", "value": "42"}


def test_who_presses_on_has_not_refused_and_the_key_counts_in_the_next_question() -> None:
    stage = Stage(flow_of(OPT_OUT))
    stage.tell(KeyPressed("4"), 0.2)
    assert (kept(stage).given, kept(stage).by) == (True, "key")
    done(stage)
    stage.spoken()
    stage.tell(KeyPressed("2"), 0.2)
    assert [note["value"] for note in stage.notes("value_set") if note["name"] == "pin"] == ["42"]
    assert [note["key"] for note in stage.notes("key_pressed")] == ["4", "2"]


def test_a_key_pressed_before_the_question_was_asked_is_no_consent() -> None:
    flow = load(
        """
  first: {say: {text: A notice., interrupt: false}, next: ask}
  ask: {consent: {to: recording, prompt: Agreed?, refuse: 9}, next: given, refused: denied}
  given: {say: Given., next: bye}
  denied: {say: Refused., next: bye}
"""
    )
    stage = Stage(flow)
    stage.tell(KeyPressed("4"), 0.1)
    stage.spoken()
    assert stage.said == "Agreed?"
    stage.tell(KeyPressed("9"), 0.1)
    assert kept(stage).given is False


def test_words_that_work_everywhere() -> None:
    stage = Stage(flow_of(OPT_OUT))
    stage.hear("repeat")
    assert stage.said == "Agreed?"
    stage.keys("0")
    assert stage.path == ["first", "person"]
    assert not [command for command in stage.commands if isinstance(command, KeepConsent)]


def test_zero_may_be_the_key() -> None:
    stage = Stage(flow_of("refuse: 0"))
    stage.keys("0")
    assert not kept(stage).given


def test_who_hangs_up_has_said_nothing() -> None:
    stage = Stage(flow_of(OPT_OUT))
    commands = stage.tell(CallerGone(), 1.0)
    assert kinds(commands) == []
    assert stage.notes("value_set") == []


def test_the_answer_is_known_to_the_engine_that_comes_after() -> None:
    flow = flow_of(OPT_IN)
    stage = Stage(flow)
    stage.keys("1")
    state = json.loads(json.dumps(stage.dialogue.state()))
    again = Dialogue.restore(flow, state)
    commands = again.handle(Finished(kept(stage).work_id, "next"), START)
    assert again.step == "given"
    assert kinds(commands)[-1] is Say


def test_a_break_before_the_answer_asks_again() -> None:
    flow = flow_of(OPT_IN)
    stage = Stage(flow)
    again = Dialogue.restore(flow, json.loads(json.dumps(stage.dialogue.state())))
    again.handle(Resumed(), START)
    assert again.step == "first"
    assert again.working is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("attempts: 1", "'refuse' (silence consents) or 'accept' (silence refuses) is missing: its key"),
        ("accept: 1, refuse: 1", "'accept' and 'refuse' have the same key"),
        ("accept: 12", "'accept': '12' is not written as it must be"),
    ],
)
def test_mistakes_are_told(fields: str, told: str) -> None:
    with pytest.raises(FlowRejected) as rejected:
        flow_of(fields)
    (problem,) = rejected.value.problems
    assert told in problem.message


def test_silence_does_not_make_a_round_a_turn_of_the_caller() -> None:
    with pytest.raises(FlowRejected, match="goes round without the caller"):
        load("  first: {consent: {to: x, refuse: 9, prompt: A?}, next: first, refused: person}")
