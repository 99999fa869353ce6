"""In whatever order agents ask and legs end: nobody is left alone in silence, and every leg is ended."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.talks import talk as asks
from acd.talks.commands import (
    Answered,
    Bound,
    Command,
    Ending,
    EndLeg,
    Gone,
    LegEvent,
    Over,
    PartBegan,
    PartEnded,
    Released,
    Ring,
    Unanswered,
)
from acd.talks.legs import happened
from acd.talks.phases import Phase, Talk, room_of
from acd.talks.table import asked

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACTIONS: list[asks.Action] = [
    asks.Hold(),
    asks.Resume(),
    asks.Mute(True),
    asks.SendKeys("12#"),
    asks.CompleteTransfer(),
    asks.Conference(),
    asks.CancelConsult(),
    asks.HangUp(),
    asks.PauseRecording(True),
    *(
        way(asks.Target(kind, name))
        for way in (asks.Consult, asks.Transfer)
        for kind, name in (
            (asks.TargetKind.AGENT, "jan"),
            (asks.TargetKind.NUMBER, "+48220000020"),
            (asks.TargetKind.QUEUE, "orders"),
            (asks.TargetKind.FLOW, "front"),
        )
    ),
]
acts = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, len(ACTIONS) - 1), st.booleans()),
        st.tuples(st.just("gone"), st.integers(0, 4), st.booleans()),
        st.tuples(st.sampled_from(["answer", "answer", "late", "join", "leave", "drop"]), st.integers(0, 4)),
    ),
    max_size=30,
)


def outcome_of(
    talk: Talk, agent: str, action: asks.Action, leg: str, now: datetime
) -> tuple[tuple[Talk, tuple[Command, ...]] | None, str]:
    """What comes of it, or the sentence that refuses it."""
    try:
        return asked(talk, agent, action, leg, now), ""
    except asks.ActionRefused as refused:
        return None, str(refused)


class Line:
    """The talk of one call, and what its commands have made of the channels."""

    def __init__(self, phase: Phase) -> None:
        self.now = START
        dialling = phase is Phase.DIALLING
        self.talk = Talk(phase, "customer", "anna", "leg.1", "" if dialling else "orders", START, START)
        self.live = {"customer", "leg.1"}
        self.up = {"leg.1"} if dialling else {"customer", "leg.1"}
        self.parts = Counter({"anna": 1})
        self.bound: Counter[str] = Counter()
        self.over: list[Over] = []
        self.rung = 1
        self.customer_here = True

    def tell(self, event: LegEvent) -> None:
        if isinstance(event, Gone):
            self.live.discard(event.leg)
            self.up.discard(event.leg)
            self.customer_here = self.customer_here and event.leg != "customer"
        if isinstance(event, Answered):
            self.up.add(event.leg)
        self.apply(*happened(self.talk, event, self.now))

    def ask(self, agent: str, action: asks.Action) -> None:
        self.rung += 1
        turn, sentence = outcome_of(self.talk, agent, action, f"leg.{self.rung}", self.now)
        assert sentence.count(".") == (turn is None)
        if turn is not None:
            self.apply(*turn)

    def apply(self, talk: Talk, commands: tuple[Command, ...]) -> None:
        self.talk = talk
        for command in commands:
            match command:
                case Ring(leg):
                    self.live.add(leg)
                case EndLeg(leg):
                    self.live.discard(leg)
                    self.up.discard(leg)
                case PartBegan(agent):
                    self.parts[agent] = 1
                    self.bound[agent] = 0
                case PartEnded(agent):
                    self.parts[agent] -= 1
                case Bound(agent):
                    self.bound[agent] += 1
                case Released(agent):
                    self.bound[agent] -= 1
                case Over(ending):
                    self.over.append(command)
                    assert self.customer_here or ending is Ending.CUSTOMER
                case _:
                    pass
        self.check()

    def check(self) -> None:
        talk, room = self.talk, room_of(self.talk)
        if talk.phase is Phase.OVER:
            assert len(self.over) == 1
            assert self.live <= {"customer"}
            assert not any(self.parts.values())
            assert not any(self.bound.values())
            return
        assert self.over == []
        assert self.live == talk.legs | {"customer"}
        assert not room.main & room.apart
        assert room.main | room.apart <= self.up, "only who has answered hears others"
        assert len(room.apart) != 1
        if talk.phase is not Phase.DIALLING:
            assert "customer" in room.main
            assert (len(room.main) == 1) is room.music
        alone = self.up - room.main - room.apart
        assert alone <= {talk.agent_leg}
        if alone:
            assert talk.phase in (Phase.DIALLING, Phase.HELD, Phase.RINGING)
        assert +self.parts == (Counter({talk.agent: 1}) if talk.agent else Counter())
        assert talk.agent or talk.phase in (Phase.GIVEN, Phase.OUTSIDE)


@settings(max_examples=600, deadline=None)
@given(acts, st.sampled_from([Phase.TALKING, Phase.DIALLING]))
def test_nobody_is_left_alone_and_every_leg_is_ended(
    acts: list[tuple[str, int] | tuple[str, int, bool]], phase: Phase
) -> None:
    line = Line(phase)
    for act in acts:
        line.now += timedelta(seconds=1)
        legs = sorted(line.live)
        leg = legs[act[1] % len(legs)] if legs else ""
        match act:
            case ("ask", number, by_leader):
                agent = line.talk.agent if by_leader else "jan"
                line.ask(agent, ACTIONS[number])
            case ("gone", _, lost) if leg:
                line.tell(Gone(leg, 44 if lost else 16, lost=bool(lost)))
            case ("answer", _) if leg and leg not in line.up:
                line.tell(Answered(leg))
            case ("late", _) if leg and leg not in line.up and leg != "customer":
                line.tell(Unanswered(leg))
            case ("join", number) if line.talk.agent:
                guest = f"sup.{number}"
                if guest not in line.live and line.talk.phase is not Phase.DIALLING:
                    line.live.add(guest)
                    line.up.add(guest)
                    line.ask(line.talk.agent, asks.Join(guest, "ewa"))
            case ("leave", number) if line.talk.agent and f"sup.{number}" in line.live:
                line.live.discard(f"sup.{number}")
                line.up.discard(f"sup.{number}")
                line.ask(line.talk.agent, asks.Leave(f"sup.{number}"))
            case ("drop", _) if line.talk.agent and leg:
                line.ask(line.talk.agent, asks.DropParty(leg))
            case _:
                pass
    if line.talk.phase is not Phase.OVER:
        line.tell(Gone("customer", 16))
        assert line.talk.phase is Phase.OVER


@pytest.mark.parametrize("phase", list(Phase))
def test_every_action_is_lawful_or_refused_in_one_sentence(phase: Phase) -> None:
    talk = Talk(phase, "customer", "anna", "leg.1", "orders", START, START)
    for action in (*ACTIONS, asks.DropParty("leg.1"), asks.Join("sup.1", "ewa"), asks.Leave("sup.1")):
        other = asks.Target(asks.TargetKind.AGENT, "jan")
        if phase in (Phase.RINGING, Phase.CONSULTING, Phase.CONFERENCE):
            consulting, _ = asked(
                Talk(Phase.TALKING, "customer", "anna", "leg.1", "orders", START, START),
                "anna",
                asks.Consult(other),
                "leg.2",
                START,
            )
            if phase is not Phase.RINGING:
                consulting, _ = happened(consulting, Answered("leg.2"), START)
            if phase is Phase.CONFERENCE:
                consulting, _ = asked(consulting, "anna", asks.Conference(), "", START)
            talk = consulting
            assert talk.phase is phase
        turn, sentence = outcome_of(talk, "anna", action, "leg.3", START)
        assert sentence.count(".") == (turn is None)
        assert turn is None or turn[1]
