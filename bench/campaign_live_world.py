"""The campaign of bench.campaign_live, its public, and what the product's own forecast says of it.

Short calls, so that a run has hundreds of conversations. Nothing is faster than life.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from compliance.facts import Mode, Purpose
from compliance.pack import CampaignLimits
from dialer.campaign import Campaign, CampaignKind
from dialer.forecast import AnswerRate, CallList, Estimate, LogNormal, Run, World, all_day, simulate
from dialer.forecast.estimates import estimate
from dialer.forecast.fates import Fates
from dialer.machine import Detect, MachinePolicy
from dialer.pacing import PacingSettings, create_pacer
from dialer.recycling import AttemptCaps, RetryRules
from dialer.schedule import dialling
from engine.dialling.pacing_of import settings_of
from tests.public.fates import BUSY, Fate
from tests.public.sounds import STREET

AGENTS = 20
LINES = 4 * AGENTS + 8
RING_SECONDS = 20
WRAP_SECONDS = 10
CALLS_PER_SECOND = 20
QUEUE = "spring"
# With detection: from the answer to the verdict of Asterisk's AMD on our public's hello, always the same one.
_LISTENED_TO = World(
    answer=AnswerRate.constant(0.3),
    setup_seconds=(0.5, 2.0),
    ring=LogNormal(6.0, 0.5),
    voicemail_share=0.3,
    voicemail_seconds=(14.0, 3.0),
    failed_share=0.1,
    failing_seconds=(0.5, 2.0),
    detection=LogNormal(1.32, 0.02),
    machines_missed=0.25,  # one of our four greetings: it pauses behind its hello
    machine_talk=LogNormal(6.0, 0.3),
    talk=LogNormal.of_mean(40.0, 0.8),
    wrap=LogNormal(float(WRAP_SECONDS), 0.0),
    calls_per_second=CALLS_PER_SECOND,
)
# Without it whoever answers is given to an agent: of this public no voicemail does.
_NOT_LISTENED_TO = replace(
    _LISTENED_TO, voicemail_share=0.0, machines_missed=0.0, detection=LogNormal(0.001, 0.0)
)
# Who answers and hears nobody hangs up after this.
PATIENCE_SECONDS = 30.0
_VOICEMAILS = ("voicemail", "voicemail-ru", "voicemail-hello", "voicemail-full")
_KEY_SECONDS = 0.15  # from the agent's first sound to the key that tells the person of it
_FORECAST_SEED = 5000


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of `seeds` simulated runs: where 80 and 95 of 100 lie."""

    minutes: float
    seeds: int
    utilisation: Estimate
    abandoned: Estimate
    calls: Estimate
    conversations: Estimate


def world(detect: Detect) -> World:
    return _NOT_LISTENED_TO if detect is Detect.OFF else _LISTENED_TO


def leads_for(minutes: float) -> int:
    """More than can be called in that time."""
    return 400 + round(110 * minutes)


def campaign(name: str, now: datetime, detect: Detect) -> Campaign:
    return Campaign(
        name,
        name.title(),
        CampaignKind.INFORMATION,
        Mode.PREDICTIVE,
        Purpose.SERVICE,
        now,
        now,
        queue=QUEUE,
        lines=LINES,
        calls_per_second=float(CALLS_PER_SECOND),
        ring_seconds=RING_SECONDS,
        machine=MachinePolicy(detect),
        retry=RetryRules({}, AttemptCaps(lead=1, number=1)),
    )


def settings(now: datetime, detect: Detect) -> PacingSettings:
    """Those that the engine gives to the pacer of this campaign."""
    one = campaign("spring", now, detect)
    return settings_of(one, CampaignLimits(), dialling(one, None, now), now)


def outlook(minutes: float, seeds: int, paced: PacingSettings, detect: Detect, jobs: int = 2) -> Outlook:
    """The very simulator of the product, cold, with other people in each run."""
    with ProcessPoolExecutor(jobs) as pool:
        tasks = [pool.submit(_simulated, minutes, _FORECAST_SEED + n, paced, detect) for n in range(seeds)]
        runs = [task.result() for task in tasks]
    return Outlook(
        minutes,
        seeds,
        estimate([run.utilisation for run in runs], at_most=1.0),
        estimate([run.abandon_rate for run in runs], at_most=1.0),
        estimate([float(run.attempts) for run in runs]),
        estimate([float(run.connected) for run in runs]),
    )


def _simulated(minutes: float, seed: int, paced: PacingSettings, detect: Detect) -> Run:
    seconds = 60 * minutes
    return simulate(
        create_pacer("predictive", paced),
        world(detect),
        all_day(AGENTS, seconds),
        paced,
        seed=seed,
        seconds=seconds,
        calls=CallList(leads_for(minutes)),
    )


class Crowd:
    """The n-th call's fate by the seed, as in the simulator. A person talks from when an agent is heard."""

    def __init__(self, seed: int, detect: Detect) -> None:
        self._world = world(detect)
        self._fates = Fates(self._world, seed, float(RING_SECONDS))
        self._count = 0

    def __call__(self, number: str) -> Fate:
        drawn, world = self._fates[self._count], self._world
        self._count += 1
        if drawn.answering < world.answer.at(0.0):
            return Fate(
                drawn.setup,
                drawn.ring,
                says="hello-street",
                stays_seconds=PATIENCE_SECONDS,
                talk_seconds=max(0.0, drawn.talk - _KEY_SECONDS),
                room=STREET,
            )
        if drawn.other < world.failed_share:
            return Fate(drawn.failing, 0.0, refusal=BUSY)
        if drawn.other < world.failed_share + world.voicemail_share:
            says = _VOICEMAILS[self._count % len(_VOICEMAILS)]
            return Fate(
                drawn.setup,
                drawn.pickup,
                says=says,
                stays_seconds=PATIENCE_SECONDS,
                talk_seconds=max(0.0, drawn.machine_talk - _KEY_SECONDS),  # until the agent knows it for one
            )
        return Fate(drawn.setup, None)
