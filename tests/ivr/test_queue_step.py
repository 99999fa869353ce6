"""queue: waiting, news, the way out, the talk, and what is wrong with one as it is written."""

from __future__ import annotations

import pytest
from flows import HEAD, load, small

from ivr.commands import Enqueue, HangUp, LeaveQueue, Say, StopSaying
from ivr.dialogue import Dialogue
from ivr.events import AgentAnswered, CallerGone, Finished, QueueMoved, Resumed
from ivr.flow import Flow
from ivr.reading.loader import FlowRejected, load_flow
from ivr.steps.queue import REPORT_SECONDS
from ivr.steps.transfer import LONGEST_CONVERSATION_SECONDS
from tests.ivr.stage import Stage, kinds

FLOW = """
  first:
    queue:
      name: orders
      skills: ["{language}"]
      priority: 2
      max_wait: 3m
      announce: {position: 45s, wait: 90s}
      offer: {after: 60s, key: 1, next: call_back}
    timeout: sorry
    nobody: message
    full: message
  call_back: {say: "We will call you back.", next: bye}
  message: {say: "Nobody is here.", next: bye}
"""
ALONE = "  first: {queue: orders}\n"
TALKED = "  first: {queue: orders, next: after}\n  after: {say: Thank you., next: bye}\n"


def work_of(stage: Stage) -> Enqueue:
    return next(c for c in reversed(stage.commands) if isinstance(c, Enqueue))


def waiting(flow: str = FLOW, *, position: int | None = None) -> Stage:
    stage = Stage(load(flow))
    if position is not None:
        moved(stage, position)
    return stage


def moved(stage: Stage, position: int = 1, wait_seconds: float | None = None) -> None:
    assert kinds(stage.tell(QueueMoved(work_of(stage).work_id, position, wait_seconds), 0.1)) == []


def over(stage: Stage, outcome: str, after: float = 1.0) -> tuple[object, ...]:
    return stage.tell(Finished(work_of(stage).work_id, outcome), after)


def test_the_caller_is_put_into_the_queue_with_what_the_flow_says_of_them() -> None:
    assert work_of(waiting()) == Enqueue(1, "orders", ("en",), 2, 180.0)
    assert work_of(waiting(ALONE)) == Enqueue(1, "orders", (), 0, 600.0)


def test_place_wait_and_the_way_out_are_told_at_their_times() -> None:
    stage = waiting(position=3)
    began = stage.now
    heard = []
    while (stage.now - began).total_seconds() < 135:
        if Say in kinds(stage.time_out()):
            heard.append((round((stage.now - began).total_seconds()), stage.said))
            stage.spoken(0.5)
        moved(stage, position=2, wait_seconds=130.0)
    place, offer = "You are number two in the queue.", "To be called back instead of waiting, press one."
    assert heard == [
        (45, "You are number three in the queue."),
        (60, offer),
        (90, f"{place} The expected wait is about three minutes."),
        (120, offer),
        (135, place),
    ]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pl", "Są Państwo w kolejce na drugim miejscu. Przewidywany czas oczekiwania: pięć minut."),
        ("en", "You are number two in the queue. The expected wait is about five minutes."),
        ("ru", "Ваш номер в очереди: два. Примерное время ожидания: пять минут."),
    ],
)
def test_news_are_told_in_the_callers_language(language: str, said: str) -> None:
    announce = "{name: orders, announce: {position: 30s, wait: 30s}}"
    head = HEAD.replace("[en]", f"[{language}]")
    stage = Stage(load(f"  first: {{queue: {announce}}}\n", head))
    moved(stage, 2, 290.0)
    stage.time_out()
    assert stage.said == said


def test_what_is_not_known_is_not_said() -> None:
    stage = waiting()
    assert kinds(stage.time_out()) == []  # 45 s, no place known
    assert Say in kinds(stage.time_out())  # 60 s: the way out
    stage.spoken()
    moved(stage, position=4)
    stage.time_out()  # 90 s
    assert stage.said == "You are number four in the queue."


def test_the_key_leads_out_once_it_was_offered_also_in_the_middle_of_the_offer() -> None:
    stage = waiting(position=1)
    assert stage.keys("1") == ()
    stage.time_out()
    stage.spoken()
    stage.time_out()
    assert "press one" in stage.said
    left = stage.keys("1")
    assert kinds(left)[:2] == [StopSaying, LeaveQueue]
    assert stage.said == "We will call you back."
    assert stage.dialogue.ways[-1] == ("first", "offer")
    (done,) = stage.notes("work_done")
    assert done["outcome"] == "left"
    assert stage.notes("understood")[0]["choice"] == "offer"
    assert over(stage, "timeout") == (), "that work is over"


def test_other_keys_and_words_do_nothing() -> None:
    stage = waiting(position=1)
    stage.time_out()
    stage.spoken()
    stage.time_out()
    stage.spoken()
    assert stage.keys("0*#29") == ()
    assert stage.hear("agent") == ()
    assert stage.path == ["first"]


def test_an_offer_with_its_own_words() -> None:
    own = '{name: orders, offer: {after: 10s, key: 5, prompt: "Press 5 for a message.", next: out}}'
    flow = f"  first: {{queue: {own}}}\n  out: {{say: Out., next: bye}}\n"
    stage = waiting(flow)
    stage.time_out()
    assert stage.said == "Press 5 for a message."
    stage.keys("5")
    assert stage.said == "Out."


def test_an_agent_who_answers_stops_what_is_said_and_then_nothing_is_said() -> None:
    stage = waiting(TALKED.replace("queue: orders", "queue: {name: orders, announce: {position: 20s}}"))
    moved(stage)
    stage.time_out()
    answered = stage.tell(AgentAnswered(work_of(stage).work_id), 1)
    assert kinds(answered) == [StopSaying]
    assert stage.due() == LONGEST_CONVERSATION_SECONDS
    over(stage, "next", 300)
    assert stage.said == "Thank you."
    assert stage.notes("said")[0]["interrupted"] is True


def test_after_the_talk_the_call_ends_when_nothing_else_is_written() -> None:
    stage = waiting(ALONE)
    stage.tell(AgentAnswered(1), 5)
    assert [c for c in over(stage, "next") if isinstance(c, HangUp)] == [HangUp("normal")]
    assert stage.dialogue.ended


@pytest.mark.parametrize(
    ("outcome", "step"),
    [("timeout", "sorry"), ("nobody", "message"), ("full", "message"), ("closed", "sorry")],
)
def test_each_outcome_leads_where_it_is_written_to_and_else_to_trouble(outcome: str, step: str) -> None:
    stage = waiting()
    over(stage, outcome)
    assert stage.path == ["first", step]


def test_a_performer_that_reports_nothing_is_trouble() -> None:
    stage = waiting(ALONE)
    assert stage.due() == 600 + REPORT_SECONDS
    stage.time_out()
    assert stage.path == ["first", "sorry"]
    assert stage.notes("trouble")[0]["what"] == "no outcome"


def test_a_caller_who_hangs_up_is_not_waited_for() -> None:
    stage = waiting(position=1)
    stage.tell(CallerGone())
    assert stage.dialogue.ended


def test_after_a_break_the_step_begins_anew() -> None:
    stage = waiting(position=3)
    first = work_of(stage)
    stage.tell(Resumed())
    stage.spoken()
    assert work_of(stage) is not first
    assert work_of(stage) == first


def restored(flow: Flow) -> Dialogue:
    """A conversation of an engine that died while the caller was in the queue."""
    stage = Stage(flow)
    return Dialogue.restore(flow, stage.dialogue.state())


@pytest.mark.parametrize(("flow", "ends"), [(ALONE, True), (TALKED, False)])
def test_the_end_of_a_talk_that_outlived_the_engine_is_understood(flow: str, ends: bool) -> None:
    dialogue = restored(load(flow))
    assert dialogue.working is not None
    commands = dialogue.handle(Finished(dialogue.working, "next"), Stage(load(flow)).now)
    assert dialogue.ended is ends
    assert any(isinstance(c, Say) for c in commands) is not ends


@pytest.mark.parametrize(
    ("queue", "told"),
    [
        ("{}", "'name' is missing"),
        ("{name: orders, max_wait: 5s}", "at least 10 is wanted"),
        ("{name: orders, announce: {position: 5s}}", "at least 15 is wanted"),
        ("{name: orders, announce: {place: 45s}}", "'place' is not known here"),
        ("{name: orders, offer: {key: '*', next: bye}}", "not written as it must be"),
        ("{name: orders, offer: {after: 30s}}", "'next' is missing"),
        ("{name: orders, offer: {next: nowhere}}", "leads to 'nowhere', which is not a step"),
        ("{name: orders, skills: ['{nobody_set}']}", "'nobody_set', which nothing sets"),
        ("{name: orders, priority: high}", "a whole number is wanted here"),
    ],
)
def test_a_mistake_is_told_with_its_place(queue: str, told: str) -> None:
    with pytest.raises(FlowRejected) as refused:
        load_flow(small(f"  first: {{queue: {queue}}}\n"), "f.yaml")
    assert told in str(refused.value)
    assert str(refused.value).startswith("f.yaml:6:")
