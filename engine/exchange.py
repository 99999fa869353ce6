"""Exchange: everything that calls are served with, wired by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from calls.talk_control import TalkControl
from engine.call_log import CallLog
from engine.dialling.crew import CampaignMeans
from engine.errands import Desk
from engine.flows import FlowShelf
from engine.health import Health
from engine.live import LiveCalls
from engine.missed_calls import MissedCalls
from engine.placing.own_calls import OwnCallRules
from engine.ports import Clock, Ids, Ledger, Recognizer, Recordings, Synthesizer
from engine.queues import Queues
from engine.recording.recorder import TalkRecorders
from engine.recording.talks import NOTHING_RECORDED
from ivr.surroundings import NOWHERE, Surroundings


def nobody_known(network_id: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """`node` names this engine; `region` is the country whose national numbers are understood.

    `missed_calls`: the rule by which callers who were not served are called back; None: they are not.
    `own_calls`: the rules, as they are now, for calls that agents place. `campaigns`: what leads campaigns'
    calls. `known_agent`: by what the network calls a caller's line, the agent with whom they chat.
    """

    control: TalkControl
    ledger: Ledger
    recognizer: Recognizer
    synthesizer: Synthesizer
    recordings: Recordings
    desk: Desk
    queues: Queues
    flows: FlowShelf
    clock: Clock
    ids: Ids
    live: LiveCalls
    health: Health
    node: str
    region: str
    surroundings: Surroundings = NOWHERE
    missed_calls: MissedCalls | None = None
    talk_recorders: TalkRecorders = NOTHING_RECORDED
    own_calls: Callable[[], OwnCallRules] = OwnCallRules
    campaigns: Callable[[], CampaignMeans] = CampaignMeans
    known_agent: Callable[[str], str] = nobody_known

    def call_log(self, call_id: str) -> CallLog:
        return CallLog(
            call_id,
            ledger=self.ledger,
            clock=self.clock,
            ids=self.ids,
            live=self.live,
            region=self.region,
            missed_calls=self.missed_calls,
        )
