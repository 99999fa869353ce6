"""The table of talks: what an agent may ask for in which phase.

`asked`, and `happened` of acd.talks.legs, give the talk as it is then and what is to be done, in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from acd.talks.commands import (
    Arrange,
    Command,
    Ending,
    EndLeg,
    PauseTalk,
    Press,
    Ring,
    SetMute,
)
from acd.talks.legs import dismiss, leave, other_gone
from acd.talks.phases import Other, Phase, Talk
from acd.talks.talk import (
    Action,
    ActionRefused,
    CancelConsult,
    CompleteTransfer,
    Conference,
    Consult,
    DropParty,
    HangUp,
    Hold,
    Join,
    Leave,
    Mute,
    PauseRecording,
    Resume,
    SendKeys,
    Target,
    TargetKind,
    Transfer,
)
from acd.talks.turn import Turn
from calls.events import CallEventKind

_KEYS = re.compile(r"[0-9*#]{1,32}", re.ASCII)

Commands = tuple[Command, ...]


def asked(talk: Talk, agent: str, action: Action, leg: str, now: datetime) -> tuple[Talk, Commands]:
    """What an agent asks for; `leg`: the name of a leg that may have to be rung. Raises ActionRefused."""
    turn = Turn(talk, now)
    if agent != talk.agent:
        _asked_by_other(turn, agent, action)
    else:
        row = _ASKED.get((talk.phase, type(action)))
        if row is None:
            raise ActionRefused(
                "phase",
                f"You cannot {_DOING[type(action)]} {_WHILE[talk.phase]}.",
                doing=type(action).__name__,
                phase=talk.phase.value,
            )
        row(turn, action, leg)
    return turn.talk, tuple(turn.commands)


# --- what an agent asks for -------------------------------------------------------------------------------


def _asked_by_other(turn: Turn, agent: str, action: Action) -> None:
    """Who is asked for advice may only go."""
    talk = turn.talk
    if talk.other is None or not agent or talk.other.agent != agent:
        raise ActionRefused("not_in_talk", "You are not in this talk.")
    if not isinstance(action, HangUp):
        leader = talk.agent or talk.given_by
        raise ActionRefused("leads", f"{leader} leads this talk: you can hang up.", agent=leader)
    leg = talk.other.leg
    other_gone(turn, 16)
    turn.do(EndLeg(leg))


def _hold(turn: Turn, action: Hold, leg: str) -> None:
    turn.note(CallEventKind.TALK_HELD, agent=turn.talk.agent)
    turn.to(Phase.HELD)
    turn.do(Arrange())


def _resume(turn: Turn, action: Resume, leg: str) -> None:
    talk = turn.talk
    turn.to(Phase.TALKING)
    turn.do(Arrange())
    turn.note(CallEventKind.TALK_RESUMED, agent=talk.agent, seconds=turn.seconds(talk.since))


def _mute(turn: Turn, action: Mute, leg: str) -> None:
    turn.set(muted=action.on)
    turn.do(SetMute(turn.talk.agent_leg, action.on))


def _send_keys(turn: Turn, action: SendKeys, leg: str) -> None:
    talk = turn.talk
    if not _KEYS.fullmatch(action.keys):
        raise ActionRefused("keys", "Only the keys 0-9, * and # can be sent, 32 at most.")
    turn.note(CallEventKind.KEYS_SENT, agent=talk.agent, keys="*" * len(action.keys))
    apart = talk.phase is Phase.CONSULTING and talk.other is not None
    turn.do(Press(talk.other.leg if apart and talk.other else talk.customer, action.keys))


def _consult(turn: Turn, action: Consult, leg: str) -> None:
    if action.target.kind not in (TargetKind.AGENT, TargetKind.NUMBER):
        raise ActionRefused(
            "no_advice", f"A {action.target.kind.value} gives no advice: transfer the call to it."
        )
    _ring(turn, action.target, leg, blind=False)


def _transfer(turn: Turn, action: Transfer, leg: str) -> None:
    target = action.target
    if target.kind in (TargetKind.AGENT, TargetKind.NUMBER):
        _ring(turn, target, leg, blind=True)
        return
    agent_leg = turn.talk.agent_leg
    turn.note(
        CallEventKind.TRANSFERRED,
        agent=turn.talk.agent,
        kind=target.kind.value,
        target=target.name,
        how="blind",
    )
    turn.end_part("transfer")
    turn.do(EndLeg(agent_leg))
    turn.over(Ending.QUEUE if target.kind is TargetKind.QUEUE else Ending.FLOW, target.name)


def _ring(turn: Turn, target: Target, leg: str, *, blind: bool) -> None:
    talk = turn.talk
    if target == Target(TargetKind.AGENT, talk.agent):
        raise ActionRefused("self", "That is you.")
    turn.note(
        CallEventKind.CONSULT_STARTED,
        agent=talk.agent,
        kind=target.kind.value,
        target=target.name,
        leg=leg,
        blind=blind,
    )
    turn.set(other=Other(leg, target, turn.now, blind=blind))
    turn.to(Phase.RINGING)
    turn.do(Arrange(), Ring(leg, target, blind))


def _complete(turn: Turn, action: CompleteTransfer, leg: str) -> None:
    leave(turn)


def _conference(turn: Turn, action: Conference, leg: str) -> None:
    talk = turn.talk
    assert talk.other is not None
    turn.to(Phase.CONFERENCE)
    turn.do(Arrange())
    turn.note(CallEventKind.CONFERENCE_STARTED, agent=talk.agent, target=talk.other.target.name)


def _cancel(turn: Turn, action: CancelConsult, leg: str) -> None:
    other = turn.talk.other
    assert other is not None
    turn.without_other("cancelled")
    turn.to(Phase.TALKING)
    turn.do(Arrange(), EndLeg(other.leg))


def _hang_up(turn: Turn, action: HangUp, leg: str) -> None:
    agent_leg = turn.talk.agent_leg
    if turn.talk.phase is Phase.DIALLING:
        turn.end_part("agent")
        turn.do(EndLeg(agent_leg))
        turn.over(Ending.CUSTOMER)
    else:
        leave(turn)
        turn.do(EndLeg(agent_leg))


def _drop(turn: Turn, action: DropParty, leg: str) -> None:
    talk = turn.talk
    if talk.other is not None and action.leg == talk.other.leg:
        _cancel(turn, CancelConsult(), leg)
    elif action.leg in (talk.supervisors or ()):
        dismiss(turn, action.leg)
        turn.do(EndLeg(action.leg))
    else:
        raise ActionRefused("drop", "Only who was added to the talk can be dropped; to leave it, hang up.")


def _pause(turn: Turn, action: PauseRecording, leg: str) -> None:
    turn.do(PauseTalk(action.on))


def _join(turn: Turn, action: Join, leg: str) -> None:
    turn.set(supervisors={**(turn.talk.supervisors or {}), action.leg: action.name})
    turn.do(Arrange())


def _take_out(turn: Turn, action: Leave, leg: str) -> None:
    if action.leg not in (turn.talk.supervisors or ()):
        raise ActionRefused("supervisor_gone", "This supervisor is not in the talk.")
    dismiss(turn, action.leg)


# --- the table --------------------------------------------------------------------------------------------

_Row = Callable[[Turn, Any, str], None]
_IN_TALK = (Phase.TALKING, Phase.HELD, Phase.RINGING, Phase.CONSULTING, Phase.CONFERENCE)
_ROWS: tuple[tuple[type[Any], tuple[Phase, ...], _Row], ...] = (
    (Hold, (Phase.TALKING,), _hold),
    (Resume, (Phase.HELD,), _resume),
    (Mute, _IN_TALK, _mute),
    (SendKeys, (Phase.TALKING, Phase.CONSULTING, Phase.CONFERENCE), _send_keys),
    (Consult, (Phase.TALKING, Phase.HELD), _consult),
    (CompleteTransfer, (Phase.RINGING, Phase.CONSULTING), _complete),
    (Conference, (Phase.CONSULTING,), _conference),
    (CancelConsult, (Phase.RINGING, Phase.CONSULTING), _cancel),
    (Transfer, (Phase.TALKING, Phase.HELD), _transfer),
    (HangUp, (Phase.DIALLING, *_IN_TALK), _hang_up),
    (DropParty, _IN_TALK, _drop),
    (PauseRecording, _IN_TALK, _pause),
    (Join, _IN_TALK, _join),
    (Leave, _IN_TALK, _take_out),
)
_ASKED: dict[tuple[Phase, type[Any]], _Row] = {
    (phase, action): row for action, phases, row in _ROWS for phase in phases
}
_DOING: dict[type[Any], str] = {
    Hold: "put the customer on hold",
    Resume: "take the customer back",
    Mute: "mute yourself",
    SendKeys: "send keys",
    Consult: "ask somebody for advice",
    CompleteTransfer: "complete a transfer",
    Conference: "make a conference",
    CancelConsult: "call anybody off",
    Transfer: "transfer the call",
    HangUp: "hang up",
    DropParty: "drop anybody",
    PauseRecording: "pause the recording",
    Join: "join",
    Leave: "leave",
}
_WHILE: dict[Phase, str] = {
    Phase.DIALLING: "while the customer's telephone rings",
    Phase.TALKING: "while you talk with the customer",
    Phase.HELD: "while the customer is on hold",
    Phase.RINGING: "while somebody is being rung: wait, or call it off",
    Phase.CONSULTING: "while you talk with who was asked: come back to the customer first",
    Phase.CONFERENCE: "in a conference: drop the third one first",
    Phase.GIVEN: "once the call was given away",
    Phase.OUTSIDE: "once the call was given away",
    Phase.OVER: "once the talk is over",
}
