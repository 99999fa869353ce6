"""An agent's telephone is rung: a browser, a SIP telephone, or a number."""

from __future__ import annotations

import re
from collections.abc import Mapping

from calls.talk_control import TalkControl
from engine.queues import Queues

_SHOWABLE = re.compile(r"\+?[0-9A-Za-z]{1,32}", re.ASCII)
# What a desk's page reads of a call that rings there. `Answer: auto`: the agent has asked for it.
WHY, ANSWER = "X-Infolinia-Why", "X-Infolinia-Answer"
CALL = "X-Infolinia-Call"


def showable(caller_id: str) -> str:
    """What is no number is not shown to an agent: it must not keep the telephone from ringing."""
    return caller_id if _SHOWABLE.fullmatch(caller_id) else ""


async def ring_agent(
    control: TalkControl,
    queues: Queues,
    agent: str,
    leg: str,
    *,
    caller_id: str,
    ring_seconds: int,
    call_id: str,
    headers: Mapping[str, str],
) -> None:
    """LegRinging, LegAnswered, ChannelEnded follow. Raises as CallControl.ring."""
    line = queues.line(agent)
    await queues.make_way(agent, leg)
    shown = showable(caller_id)
    if line.number is not None:
        await control.originate(leg, line.number, caller_id=shown, ring_seconds=ring_seconds, call_id=call_id)
    elif line.browser:
        await control.ring_phone(
            leg,
            agent,
            caller_id=shown,
            ring_seconds=ring_seconds,
            call_id=call_id,
            headers={CALL: call_id, **headers},
        )
    else:
        await control.ring(leg, agent, caller_id=shown, ring_seconds=ring_seconds, call_id=call_id)
