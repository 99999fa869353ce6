"""The world that is simulated for a campaign: what detection keeps from its agents, and gets wrong."""

from __future__ import annotations

from statistics import NormalDist

from dialer.campaign import Campaign
from dialer.forecast import Observed, World, learned_duration
from dialer.machine import Detect, OnMachine
from dialer.pacing import PacingSettings
from engine.forecast_notes import ForecastNote, sentence
from engine.past_calls import Learned

_N = ForecastNote
_AT_ONCE = Observed((0.0,))
# Of voicemails, so many pick up before the call is given up; fewer are not believed.
_LEAST_IN_TIME = 0.05


def world_of(campaign: Campaign, settings: PacingSettings, known: Learned) -> World:
    """Without detection the answer is the verdict, and an agent has each voicemail that answers."""
    default, machines = World(), known.machines
    detects, to_agents = _detects(campaign), _to_agents(campaign)
    return World(
        voicemail_share=_voicemails(machines.share, settings.ring_timeout),
        detection=learned_duration(machines.detections, default.detection) if detects else _AT_ONCE,
        false_positive=0.0 if to_agents else settings.machine_error,
        machines_missed=1.0 if to_agents else machines.missed or 0.0,
        talk=known.talk,
        machine_talk=learned_duration(machines.talks, default.machine_talk),
        calls_per_second=max(1, int(campaign.calls_per_second)),
    )


def notes_of(campaign: Campaign, settings: PacingSettings, known: Learned) -> list[str]:
    """What of it is a default, and what detection is taken to get wrong."""
    missed, told = known.machines.missed, []
    if _to_agents(campaign):
        told.append(sentence(_N.MACHINES_TO_AGENTS if _detects(campaign) else _N.DETECTION_OFF))
    else:
        told.append(sentence(_N.MACHINE_ERROR, share=f"{settings.machine_error:.1%}"))
        if missed is None:
            told.append(sentence(_N.MISSED_NONE))
        else:
            told.append(sentence(_N.MISSED_SOME, share=f"{missed:.1%}"))
    if known.machines.share is None:
        told.append(sentence(_N.FEW_VOICEMAILS))
    return told


def _detects(campaign: Campaign) -> bool:
    return campaign.machine.detect is not Detect.OFF


def _to_agents(campaign: Campaign) -> bool:
    return not _detects(campaign) or campaign.machine.on_machine is OnMachine.CONNECT


def _voicemails(share: float | None, ring_timeout: float) -> float:
    """The share of telephones with a voicemail, from the share of calls that one answered in time."""
    default = World()
    if share is None:
        return default.voicemail_share
    in_time = NormalDist(*default.voicemail_seconds).cdf(ring_timeout)
    return min(1.0 - default.failed_share, share / max(in_time, _LEAST_IN_TIME))
