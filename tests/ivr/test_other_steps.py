"""The steps that ask nothing; the end of a talk, trouble, and going on after a break."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from flows import HEAD, load
from stage import START, Stage, kinds

from calls.events import CallEvent, CallEventKind
from ivr.commands import HangUp, Listen, Note, Record, Say, Sound, StopListening, StopSaying, Transfer
from ivr.dialogue import Dialogue, StateRejected
from ivr.events import CallerGone, Finished, KeyPressed, Resumed, Spoken, TimePassed


def test_say_goes_on_when_it_was_spoken() -> None:
    stage = Stage(load("  first: {say: One., next: two}\n  two: {say: Two., next: person}"))
    assert [type(c) for c in stage.commands if not isinstance(c, Note)] == [Say]  # nobody listens
    assert kinds(stage.spoken(2.5)) == [Say]
    assert stage.notes("said") == [{"text": "One.", "language": "en", "interrupted": False, "seconds": 2.5}]


def test_a_key_cuts_a_message_short_unless_it_may_not() -> None:
    steps = "  first: {say: %s, next: two}\n  two: {say: Two., next: person}"
    stage = Stage(load(steps % "One."))
    assert kinds(stage.keys("5")) == [StopSaying, Say]
    stage = Stage(load(steps % "{text: One., interrupt: false}"))
    assert stage.keys("5") == ()


def test_play_names_a_file() -> None:
    stage = Stage(load("  first: {play: {file: intro/jingle, interrupt: false}, next: person}"))
    assert stage.say == Say(1, (Sound("intro/jingle", "en"),), interrupt=False)
    stage.spoken()
    assert stage.notes("said")[0]["text"] == "[intro/jingle]"


BRANCH = """
  first: {set: {order: "%s", series: "{order|first}"}, next: where}
  where:
    branch:
      - {when: 'series == "9"', next: nine}
      - {when: 'order > 5000 and not missing', next: high}
    otherwise: low
  nine: {say: Nine., next: unset}
  high: {say: High., next: unset}
  low: {say: Low., next: unset}
  unset: {branch: [{when: dialled, next: never}], otherwise: person}
  never: {set: {missing: "1"}, next: person}
"""


@pytest.mark.parametrize(("order", "said"), [("9123", "Nine."), ("6000", "High."), ("100", "Low.")])
def test_branch_takes_the_first_that_holds(order: str, said: str) -> None:
    stage = Stage(load(BRANCH % order))
    assert stage.said == said
    assert stage.notes("value_set") == [
        {"name": "order", "value": order},
        {"name": "series", "value": order[0]},
    ]


def test_the_log_says_why_a_branch_went_there() -> None:
    entered = Stage(load(BRANCH % "6000")).notes("step_entered")
    assert entered[2] == {
        "step": "high",
        "verb": "say",
        "came_from": "where",
        "because": "order > 5000 and not missing",
        "otherwise": "low",
    }
    assert entered[0] == {"step": "first", "verb": "set"}
    assert Stage(load(BRANCH % "100")).notes("step_entered")[2]["because"] == "otherwise"


@pytest.mark.parametrize("outcome", ["next", "busy", "no_answer", "refused", "failed"])
def test_transfer_leads_where_it_ended(outcome: str) -> None:
    outcomes = ("next", "busy", "no_answer", "refused", "failed")
    leads = "\n".join(f"    {o}: was_{o}" for o in outcomes)
    told = "\n".join(f"  was_{o}: {{say: Was {o}., next: person}}" for o in outcomes)
    transfer = "transfer: {to: '+48220000012', ring: 20s, prompt: One moment.}"
    stage = Stage(load(f"  first:\n    {transfer}\n{leads}\n{told}"))
    assert stage.said == "One moment."
    assert stage.spoken() == (
        *stage.commands[-2:-1],
        Transfer(1, "+48220000012", 20),
    )
    assert stage.tell(KeyPressed("1")) == ()
    assert stage.tell(Finished(7, outcome)) == ()
    assert stage.dialogue.working == 1
    stage.tell(Finished(1, outcome), 60)
    assert stage.said == f"Was {outcome}."
    assert stage.tell(Finished(1, outcome)) == ()


def test_a_value_reaches_a_dial_string_only_as_a_number() -> None:
    steps = (
        "  first: {say: Hi, next: out}\n"
        "  out: {transfer: '{dialled}', next: bye, busy: bye, no_answer: bye, refused: person, failed: bye}"
    )
    flow = load(steps)
    for dialled, fine in (("100", True), ("100@evil,x", False), ("", False), ("+4822" * 9, False)):
        stage = Stage(flow, {"dialled": dialled})
        commands = stage.spoken()
        assert any(isinstance(c, Transfer) for c in commands) is fine
        assert bool(stage.notes("trouble")) is not fine
        if not fine:
            assert stage.said == "Something went wrong."


def test_voicemail_records_after_its_prompt_or_a_key() -> None:
    flow = load("  first: {voicemail: {box: a, prompt: Leave word., longest: 30s}, next: person, empty: bye}")
    for cut in (False, True):
        stage = Stage(flow)
        commands = stage.keys("1") if cut else stage.spoken()
        assert kinds(commands) == [StopSaying, Record] if cut else [Record]
        assert commands[-1] == Record(1, "a", 30, 4)
        assert stage.due() == 90.0
        stage.tell(Finished(1, "empty"))
        assert stage.dialogue.ended


def test_work_that_never_reports_is_trouble() -> None:
    stage = Stage(load("  first: {voicemail: {box: a}, next: person}"))
    stage.time_out()
    assert stage.said == "Something went wrong."
    assert stage.notes("trouble")[0]["what"] == "no outcome"
    assert stage.tell(Finished(1, "next")) == ()


def test_an_outcome_that_the_verb_does_not_have_is_trouble() -> None:
    stage = Stage(load("  first: {voicemail: {box: a}, next: person}"))
    stage.tell(Finished(1, "busy"))
    assert stage.said == "Something went wrong."
    assert stage.notes("trouble")[0]["what"] == "unknown outcome"


def test_hangup_is_the_last_word() -> None:
    menu = "menu: {prompt: Hi, choices: {1: {next: end}}}"
    stage = Stage(load(f"  first: {{{menu}, otherwise: person}}\n  end: {{hangup: busy}}"))
    commands = stage.keys("1")
    assert commands[-1] == HangUp("busy")
    assert stage.dialogue.ended
    assert stage.dialogue.next_deadline() is None
    for event in (KeyPressed("1"), TimePassed(), CallerGone(), Resumed()):
        assert stage.tell(event) == ()


def test_a_lost_report_of_a_prompt_does_not_stop_the_talk() -> None:
    stage = Stage(load("  first: {say: One., next: two}\n  two: {say: Two., next: person}"))
    assert kinds(stage.time_out()) == [StopSaying, Say]
    assert stage.said == "Two."
    assert stage.notes("trouble")[0]["what"] == "saying"


# --- the caller hangs up ----------------------------------------------------------------------------------


def test_hanging_up_ends_the_talk_with_notes_only() -> None:
    stage = Stage(load("  first: {say: One., next: person}"))
    commands = stage.tell(CallerGone(), 0.5)
    assert kinds(commands) == []
    assert stage.notes("said")[0]["interrupted"] is True
    assert stage.dialogue.ended


def test_a_text_that_had_only_just_begun_was_said_to_nobody() -> None:
    stage = Stage(load("  first: {say: One., next: second}\n  second: {say: Two., next: person}"))
    stage.spoken()
    stage.tell(CallerGone(), 0.1)  # the step was entered while the caller was hanging up
    assert [note["text"] for note in stage.notes("said")] == ["One."]


def test_a_text_that_could_not_be_played_is_not_logged_as_said() -> None:
    steps = "  first: {say: One., next: second}\n  second: {say: Two., next: person}"
    stage = Stage(load(steps))
    stage.tell(Spoken(1, complete=False))
    assert stage.said == "Two."
    assert stage.notes("said") == []
    stage.tell(Spoken(2, complete=False), 2.0)
    assert stage.notes("said") == [{"text": "Two.", "language": "en", "interrupted": True, "seconds": 2.0}]


def test_hanging_up_leads_to_always_gone() -> None:
    steps = (
        "  first: {menu: {prompt: Hi, choices: {1: {next: bye}}}, otherwise: person}\n"
        "  left: {branch: [{when: caller, next: known}], otherwise: bye}\n"
        "  known: {set: {left: 'true'}, next: bye}"
    )
    stage = Stage(load(steps, HEAD.replace("sorry}", "sorry, gone: left}")), {"caller": "+48220000001"})
    commands = stage.tell(CallerGone())
    assert kinds(commands) == []
    assert stage.path == ["first", "left", "known", "bye"]
    assert stage.dialogue.ended


def test_hanging_up_before_the_start() -> None:
    dialogue = Dialogue(load("  first: {say: One., next: person}"))
    assert dialogue.handle(CallerGone(), START) == ()
    assert dialogue.ended


# --- trouble ----------------------------------------------------------------------------------------------


def chain(length: int) -> str:
    steps = ["first", *(f"s{n}" for n in range(length))]
    return "\n".join(
        f"  {step}: {{set: {{x: '1'}}, next: {following}}}"
        for step, following in zip(steps, [*steps[1:], "person"], strict=True)
    )


def test_a_flow_that_runs_away_leads_to_a_person() -> None:
    stage = Stage(load(chain(120)))
    assert stage.notes("trouble")[0]["what"] == "runaway"
    assert stage.said == "Something went wrong."
    assert len(stage.path) == 101


def test_trouble_upon_trouble_ends_with_an_apology() -> None:
    head = HEAD.replace("trouble: sorry", "trouble: first")
    stage = Stage(load(chain(120).replace("next: person", "next: sorry"), head))
    assert [n["what"] for n in stage.notes("trouble")] == ["runaway"] * 3
    assert stage.said == "Sorry, something is broken on our side. Please call again later."
    assert stage.keys("1") == ()
    assert stage.spoken()[-1] == HangUp("normal")
    assert stage.dialogue.ended


def test_an_unset_value_is_never_said() -> None:
    """The loader finds what it can; a value made of nothing is found when it is to be said."""
    stage = Stage(load('  first: {say: "You are {caller.name}.", next: person}'), {"caller": "x"})
    assert stage.said == "Something went wrong."
    assert stage.notes("trouble")[0]["detail"] == "step 'first' wants to say caller.name, which has no text"


def test_a_language_that_is_made_up_at_run_time_is_trouble() -> None:
    stage = Stage(load('  first: {set: {language: "{dialled}"}, next: person}'), {"dialled": "de"})
    assert stage.said == "Something went wrong."
    assert stage.notes("trouble")[0]["what"] == "unknown language"


# --- after a break ----------------------------------------------------------------------------------------

TALK = """
  first: {menu: {prompt: Start., choices: {1: {set: {kind: "a"}, next: number}}}, otherwise: person}
  number: {ask: {into: order, digits: 3, prompt: Number?, attempts: 2}, next: more, otherwise: person}
  more: {menu: {prompt: "{kind}, {order}. More?", choices: {1: {next: first}}}, otherwise: person}
"""


def as_log(stage: Stage) -> list[CallEvent]:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    received = CallEvent("c", 1, at, CallEventKind.RECEIVED, {"caller": "+48220000001", "dialled": "100"})
    notes = [c for c in stage.commands if isinstance(c, Note)]
    return [received, *(CallEvent("c", n + 2, at, note.kind, note.data) for n, note in enumerate(notes))]


def reborn(stage: Stage, how: str) -> None:
    """Another engine takes the talk over."""
    flow = stage.dialogue._talk.flow
    if how == "state":
        state = json.loads(json.dumps(stage.dialogue.state()))
        stage.dialogue = Dialogue.restore(flow, state, facts={"caller": "+48220000001"})
    elif how == "log":
        stage.dialogue = Dialogue.resumed(flow, as_log(stage))


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_one_sentence_and_the_step_anew(how: str) -> None:
    stage = Stage(load(TALK))
    stage.keys("1")
    stage.spoken()
    stage.time_out()  # one of two attempts is used up
    reborn(stage, how)
    entered = len(stage.path)
    commands = stage.tell(Resumed(), 3)
    assert kinds(commands) == [Say]
    assert stage.said == "Sorry, we were cut off for a moment."
    commands = stage.spoken()
    assert kinds(commands) == [Listen, Say]
    assert stage.said == "Number?"
    assert len(stage.path) == entered
    assert stage.dialogue.step == "number"
    stage.spoken()
    stage.time_out()
    assert stage.path[-1] == "person"


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_what_was_known_is_still_known(how: str) -> None:
    stage = Stage(load(TALK))
    stage.keys("1123")
    reborn(stage, how)
    stage.tell(Resumed())
    stage.spoken()
    assert stage.said == "a, 123. More?"
    assert stage.dialogue.language == "en"
    stage.hear("back")
    assert stage.dialogue.step == "number"


@pytest.mark.parametrize("how", ["state", "log"])
def test_a_secret_is_asked_for_again(how: str) -> None:
    stage = Stage(load(TALK.replace("digits: 3,", "digits: 3, secret: true,")))
    stage.keys("1123")
    assert stage.said == "a, 123. More?"
    reborn(stage, how)
    stage.tell(Resumed())
    stage.spoken()
    assert stage.said == "Number?"
    stage.keys("456")
    assert stage.said == "a, 456. More?"


@pytest.mark.parametrize("how", ["state", "log"])
@pytest.mark.parametrize("step", ["first: {transfer: '201'", "first: {voicemail: {box: a}"])
def test_work_that_outlived_the_engine_is_waited_for(how: str, step: str) -> None:
    steps = f"  {step}, next: done}}\n  done: {{say: Done., next: person}}"
    stage = Stage(load(steps))
    reborn(stage, how)
    assert stage.dialogue.working == 1
    stage.tell(Finished(1, "next"))
    assert stage.said == "Done."


def test_a_break_before_the_first_step() -> None:
    flow = load(TALK)
    dialogue = Dialogue.restore(flow, Dialogue(flow).state())
    assert any(isinstance(c, Say) for c in dialogue.handle(Resumed(), START))


def test_a_state_that_does_not_fit_is_refused() -> None:
    flow, other = load(TALK), load(TALK.replace("Start.", "Begin."))
    stage = Stage(flow)
    state = stage.dialogue.state()
    with pytest.raises(StateRejected, match=f"but small {other.version} is loaded"):
        Dialogue.restore(other, state)
    with pytest.raises(StateRejected, match="does not have nowhere"):
        Dialogue.restore(flow, {**state, "step": "nowhere"})
    with pytest.raises(StateRejected, match="does not have de"):
        Dialogue.restore(flow, {**state, "language": "de"})
    with pytest.raises(StateRejected, match="not a conversation's state"):
        Dialogue.restore(flow, {"step": 5})
    with pytest.raises(StateRejected, match="which flow"):
        Dialogue.resumed(flow, [])
    with pytest.raises(RuntimeError, match="already been started"):
        stage.dialogue.start(START)


def test_listening_stops_where_nobody_is_asked() -> None:
    stage = Stage(load(TALK))
    commands = stage.keys("0")
    assert StopListening in kinds(commands)
    assert stage.tell(Spoken(1)) == ()
