"""CampaignDial: how a campaign calls somebody, and how the first event of the call tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from calls.events import CallEvent, CallEventKind
from compliance.facts import Mode, Purpose
from dialer.machine import Detect, MachinePolicy, OnMachine
from engine.placing.ringing import callee_channel

# Without a pack's word: an agent is there so soon, or the person hears the message.
CONNECT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class CampaignDial:
    """`to` is E.164, `caller_id` ours. `trunk` None: the first. `agent`: the only one who may take it.

    `queue`: whose members are the campaign's agents. `connect_seconds`: from the moment in which a person is
    known to be on the line. `message`: the flow that they hear when no agent is free, None: the built-in one,
    which names `company` ("": nobody) and the `opt_out_key`. `flow`: they are led through it, with these
    `variables`, and no agent is sought; None: one is. `before_agent`: where the flow gives them to `queue`.
    """

    campaign: str
    to: str
    caller_id: str
    ring_seconds: int
    queue: str
    connect_seconds: float = CONNECT_SECONDS
    trunk: str | None = None
    message: str | None = None
    language: str | None = None
    agent: str | None = None
    machine: MachinePolicy = field(default_factory=MachinePolicy)
    flow: str | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    company: str = ""
    opt_out_key: str = "9"
    before_agent: bool = False

    @property
    def flows(self) -> tuple[str, ...]:
        """The names of those that may be heard."""
        return tuple(name for name in (self.flow, self.message, self.machine.flow) if name is not None)


def received_of_campaign(
    call_id: str,
    dial: CampaignDial,
    *,
    purpose: Purpose,
    mode: Mode,
    debt: str | None,
    node: str,
    script: str | None = None,
    dispositions: Sequence[str] = (),
) -> dict[str, object]:
    """The data of the call's first event. `script` and `dispositions` are for the agent's desk."""
    return {
        "direction": "outbound",
        "caller": dial.caller_id,
        "dialled": dial.to,
        "trunk": dial.trunk or "",
        "network_id": callee_channel(call_id),
        "node": node,
        "purpose": purpose.value,
        "mode": mode.value,
        "campaign": dial.campaign,
        "debt": debt,
        "ring_seconds": dial.ring_seconds,
        "language": dial.language,
        "ordered_by": f"campaign:{dial.campaign}",
        "queue": dial.queue,
        "agent": dial.agent,
        "connect_seconds": dial.connect_seconds,
        "message": dial.message,
        "detection": {
            "detect": dial.machine.detect.value,
            "seconds": dial.machine.seconds,
            "on_machine": dial.machine.on_machine.value,
            "flow": dial.machine.flow,
        },
        "flow": dial.flow,
        "variables": dict(dial.variables),
        "company": dial.company,
        "opt_out_key": dial.opt_out_key,
        "before_agent": dial.before_agent,
        "script": script,
        "dispositions": list(dispositions),
    }


def campaign_dial_of(received: Mapping[str, object]) -> CampaignDial | None:
    """How a campaign dialled, from the call's first event; None of a call that none did."""
    if "connect_seconds" not in received:
        return None
    detection = cast(Mapping[str, object], received["detection"])
    return CampaignDial(
        str(received["campaign"]),
        str(received["dialled"]),
        str(received["caller"]),
        cast(int, received["ring_seconds"]),
        str(received["queue"]),
        cast(float, received["connect_seconds"]),
        str(received["trunk"]) or None,
        cast(str | None, received.get("message")),
        cast(str | None, received.get("language")),
        cast(str | None, received.get("agent")),
        MachinePolicy(
            Detect(str(detection["detect"])),
            OnMachine(str(detection["on_machine"])),
            cast(str | None, detection["flow"]),
            cast(float, detection["seconds"]),
        ),
        cast(str | None, received.get("flow")),
        cast(Mapping[str, object], received.get("variables") or {}),
        str(received.get("company", "")),
        str(received.get("opt_out_key", "9")),
        bool(received.get("before_agent")),
    )


def at_agent(dial: CampaignDial, events: Sequence[CallEvent]) -> bool:
    """Whether the flow before the agent has given the person to one, and nothing came behind that."""
    kinds = [event.kind for event in events]
    if not dial.before_agent or CallEventKind.AGENT_OFFERED not in kinds or CallEventKind.QUEUED in kinds:
        return False
    started = max(at for at, kind in enumerate(kinds) if kind is CallEventKind.FLOW_STARTED)
    return CallEventKind.AGENT_OFFERED in kinds[started:]
