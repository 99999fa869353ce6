"""A talk as desks show it."""

from __future__ import annotations

from datetime import datetime

from acd.talks.phases import WAITING, Phase, Talk
from acd.talks.talk import PartyRole, PartyState, PartyView, TalkPhase, TalkView
from calls.call import Call

_SHOWN: dict[Phase, TalkPhase] = {
    Phase.DIALLING: TalkPhase.DIALLING,
    Phase.TALKING: TalkPhase.TALKING,
    Phase.HELD: TalkPhase.HELD,
    Phase.RINGING: TalkPhase.CONSULTING,
    Phase.CONSULTING: TalkPhase.CONSULTING,
    Phase.CONFERENCE: TalkPhase.CONFERENCE,
    Phase.GIVEN: TalkPhase.CONSULTING,
    Phase.OUTSIDE: TalkPhase.TALKING,
    Phase.OVER: TalkPhase.TALKING,
}


def view_of(talk: Talk, call_id: str, call: Call, recording: str, now: datetime) -> TalkView:
    parties = [PartyView(talk.customer, PartyRole.CUSTOMER, call.person, _customer_state(talk), talk.since)]
    if talk.agent_leg:
        alone = talk.phase in (Phase.HELD, Phase.RINGING)
        state = PartyState.HELD if alone else PartyState.TALKING
        parties.append(PartyView(talk.agent_leg, PartyRole.AGENT, talk.agent, state, talk.since))
    if talk.other is not None:
        state = PartyState.TALKING if talk.other.up else PartyState.RINGING
        name = talk.other.target.name
        parties.append(PartyView(talk.other.leg, PartyRole.CONSULTED, name, state, talk.other.since))
    for leg, name in (talk.supervisors or {}).items():
        parties.append(PartyView(leg, PartyRole.SUPERVISOR, name, PartyState.TALKING, talk.since))
    return TalkView(
        talk_id=call_id,
        agent=talk.agent,
        queue=talk.queue,
        phase=_SHOWN[talk.phase],
        parties=tuple(parties),
        muted=talk.muted,
        recording=recording,
        connected_at=None if talk.phase is Phase.DIALLING else talk.began,
        held_seconds=talk.held_until(now),
    )


def _customer_state(talk: Talk) -> PartyState:
    if talk.phase is Phase.DIALLING:
        return PartyState.RINGING
    return PartyState.HELD if talk.phase in WAITING else PartyState.TALKING
