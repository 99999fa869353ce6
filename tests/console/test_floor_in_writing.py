"""The floor and the desk call work in writing what it is: no agent who chats or answers a message "talks"."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acd.agents import Agent, AgentStatus
from acd.distribution import Distribution
from acd.events import AgentAnswered, AgentTaken, CallerJoined, StatusChanged
from acd.queues import Queue
from acd.work import Waiting, WorkKind
from console.desk.band import pill_of
from console.floor.board import agent_row, queue_row
from console.words import load_words
from engine.desk.written_beside import of_calls
from engine.floor.changes import FloorAgent, FloorView
from tests.console.desk_stage import idle

NOW = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
WORDS = load_words()["en"]
FLOOR = FloorView(NOW, (), (), {}, (), None, {})


def seated() -> Distribution:
    core = Distribution([Queue("shop")], [Agent("anna", alone=frozenset())])
    core.handle(StatusChanged("anna", AgentStatus.AVAILABLE), NOW)
    return core


def offered(core: Distribution, id: str, kind: WorkKind, *, answer: bool = True) -> None:
    core.handle(CallerJoined(Waiting(id, "shop", NOW, kind=kind)), NOW)
    if answer:
        core.handle(AgentAnswered(id, "anna"), NOW)


def word(core: Distribution) -> tuple[str, str]:
    view = core.agent_view("anna")
    assert view is not None
    row = agent_row(FloorAgent(view, "Anna", None, None, ()), FLOOR, {}, WORDS)
    return row.word, row.beside


@pytest.mark.parametrize(
    ("kind", "before", "after", "counted"),
    [
        (WorkKind.CALL, "Ringing", "Talking", "talking"),
        (WorkKind.CHAT, "Offered a chat", "Chatting, 1", "chatting"),
        (WorkKind.TASK, "Offered a message", "Answers messages", "writing"),
    ],
)
def test_each_kind_of_work_has_its_word(kind: WorkKind, before: str, after: str, counted: str) -> None:
    core = seated()
    offered(core, "w", kind, answer=False)
    assert word(core) == (before, "")
    core.handle(AgentAnswered("w", "anna"), NOW)
    assert word(core) == (after, "")
    assert core.agents() == {counted: 1}


def test_chats_are_counted_and_stand_beside_a_call() -> None:
    core = seated()
    for chat in ("one", "two"):
        offered(core, chat, WorkKind.CHAT)
    assert word(core) == ("Chatting, 2", "")
    core.handle(AgentTaken("call", "anna"), NOW)
    assert word(core) == ("Talking", "Chatting, 2")
    view = core.agent_view("anna")
    assert view is not None
    # The telephone's side of the desk knows nothing of them, but whether calls come beside them.
    assert [work.work_id for work in of_calls(view).all_work] == ["call"]


def test_chats_that_wait_stand_beside_the_callers() -> None:
    core = Distribution([Queue("shop", service_level_seconds=20)], [Agent("anna")])
    core.handle(StatusChanged("anna", AgentStatus.BREAK), NOW)
    offered(core, "call", WorkKind.CALL, answer=False)
    core.handle(CallerJoined(Waiting("chat", "shop", NOW, kind=WorkKind.CHAT)), NOW)
    view = core.queue_views()["shop"]
    assert (view.waiting, view.chats, view.longest_chat_since) == (1, 1, NOW)
    row = queue_row(view, None, NOW + timedelta(seconds=21))
    assert (row.tone, row.chat_tone, row.chatting) == ("past", "past", 0)


def test_the_desk_says_what_its_agent_writes() -> None:
    view = idle(NOW)
    assert pill_of(view, WORDS).word == "Ready"
    assert pill_of(replace(view, chats=2, messages=1), WORDS).word == "Chatting, 2"
    assert pill_of(replace(view, messages=1), WORDS).word == "Answers messages"


@pytest.mark.parametrize("alone", [frozenset({WorkKind.CALL}), frozenset()])
def test_whether_a_call_comes_beside_a_chat_is_told(alone: frozenset[WorkKind]) -> None:
    core = Distribution([Queue("shop")], [Agent("anna", alone=alone)])
    core.handle(StatusChanged("anna", AgentStatus.AVAILABLE), NOW)
    view = core.agent_view("anna")
    assert view is not None
    assert of_calls(view).room_for_call
    offered(core, "chat", WorkKind.CHAT)
    view = core.agent_view("anna")
    assert view is not None
    assert of_calls(view).room_for_call is not bool(alone)
    assert bool(core.queue_views()["shop"].free) is not bool(alone), "as callers are distributed"
