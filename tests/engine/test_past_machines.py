"""The world that a campaign's forecast simulates follows its detection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dialer.campaign import Campaign
from dialer.forecast import World, simulate
from dialer.forecast.shifts import all_day
from dialer.forecast.world import CallList
from dialer.machine import Detect, MachinePolicy, OnMachine
from dialer.pacing import PacingSettings, create_pacer
from engine.past_calls import NOTHING_KNOWN, Learned, Machines
from engine.past_machines import notes_of, world_of
from tests.store.campaign_samples import campaign

SETTINGS = PacingSettings(machine_error=0.01)
MEASURED = replace(NOTHING_KNOWN, machines=Machines(0.4, 0.25, talks=(9.0,) * 30, detections=(0.8,) * 30))


def detecting(detect: Detect, on_machine: OnMachine = OnMachine.HANG_UP) -> Campaign:
    return campaign(machine=MachinePolicy(detect=detect, on_machine=on_machine))


def seconds(world: World) -> tuple[float, float]:
    half = np.array([0.5])
    return float(world.detection.quantiles(half)[0]), float(world.machine_talk.quantiles(half)[0])


def test_without_detection_the_answer_is_the_verdict_and_voicemails_go_to_agents() -> None:
    off = detecting(Detect.OFF)
    world = world_of(off, replace(SETTINGS, machine_error=0.0), NOTHING_KNOWN)
    assert (world.machines_missed, world.false_positive, seconds(world)[0]) == (1.0, 0.0, 0.0)
    assert any("Detection is off" in note for note in notes_of(off, SETTINGS, NOTHING_KNOWN))
    seen = [world, world_of(detecting(Detect.AMD), SETTINGS, NOTHING_KNOWN)]
    runs = [
        simulate(
            create_pacer("progressive", SETTINGS),
            one,
            all_day(4, 3600.0),
            SETTINGS,
            seed=1,
            seconds=3600.0,
            calls=CallList(1000),
        )
        for one in seen
    ]
    assert runs[0].machines == runs[0].mistaken == 0
    assert runs[1].machines > 10
    # The same people are fewer an hour: voicemails take agents' time.
    assert runs[0].talk_seconds < runs[1].talk_seconds


@pytest.mark.parametrize(
    ("known", "share", "missed", "took", "talk"),
    [(NOTHING_KNOWN, 0.3, 0.0, 1.4, 6.0), (MEASURED, 0.4 / 0.977, 0.25, 0.8, 9.0)],
)
def test_with_detection_it_errs_as_was_measured(
    known: Learned, share: float, missed: float, took: float, talk: float
) -> None:
    world = world_of(detecting(Detect.AMD), SETTINGS, known)
    assert world.voicemail_share == pytest.approx(share, abs=0.001)
    assert (world.false_positive, world.machines_missed) == (0.01, missed)
    assert seconds(world) == pytest.approx((took, talk), abs=0.01)
    told = " ".join(notes_of(detecting(Detect.AMD), SETTINGS, known))
    assert ("25.0% pass for people" in told) == bool(missed)
    assert "1.0% count as taken for machines" in told


def test_machines_that_are_connected_go_to_agents_after_detection() -> None:
    connect = detecting(Detect.AMD, OnMachine.CONNECT)
    world = world_of(connect, SETTINGS, MEASURED)
    assert (world.machines_missed, world.false_positive, seconds(world)[0]) == (1.0, 0.0, 0.8)
    assert any("given to agents" in note for note in notes_of(connect, SETTINGS, MEASURED))


def test_shares_that_cannot_be_stay_what_can_be() -> None:
    wild = replace(NOTHING_KNOWN, machines=Machines(share=0.9))
    assert world_of(detecting(Detect.OFF), replace(SETTINGS, ring_timeout=5.0), wild).voicemail_share == 0.9
