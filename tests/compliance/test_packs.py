"""The packs themselves, what they ask of a campaign, and which of them apply to whom."""

from __future__ import annotations

from datetime import date

import pytest

from compliance.choice import packs_for
from compliance.facts import Channel, Mode, Purpose
from compliance.gate import PACKS, CampaignLimits, limits


def test_every_pack_has_its_source_and_date() -> None:
    in_force = {name: pack.in_force_from for name, pack in PACKS.items()}
    assert in_force == {
        "us-tsr": date(2003, 10, 1),
        "us-reg-f": date(2021, 11, 30),
        "uk-ofcom": date(2017, 3, 1),
        "pl-pke": date(2024, 11, 10),
        "pl-debt": None,
        "ru-230fz": date(2017, 1, 1),
        "ru-38fz": date(2006, 7, 1),
        "ru-41fz": date(2025, 9, 1),
        "eu-eprivacy": date(2003, 10, 31),
        "service": None,
    }
    certainty = {name: pack.certainty.value for name, pack in PACKS.items()}
    assert [name for name, word in certainty.items() if word == "low"] == ["pl-debt"]
    assert all(pack.source and pack.version and pack.title for pack in PACKS.values())


def test_every_rule_has_a_name_of_its_own() -> None:
    for pack in PACKS.values():
        names = [rule.name for rule in pack.rules]
        assert len(names) == len(set(names)), pack.name


# --- limits of a campaign ---------------------------------------------------------------------------------


def test_limits_of_the_united_states() -> None:
    asked = limits([PACKS["us-tsr"]])
    assert asked.abandon_cap == 0.03
    assert asked.abandon_window_days == 30
    assert asked.ring_seconds == 15
    assert asked.agent_within_seconds == 2
    assert asked.message == ("name", "number", "opt_out")
    assert asked.redial_lock_hours is None
    assert not asked.labelled
    assert asked.modes == tuple(Mode)


def test_limits_of_the_united_kingdom() -> None:
    asked = limits([PACKS["uk-ofcom"]])
    assert asked.abandon_cap == 0.01
    assert asked.ring_seconds == 15
    assert asked.agent_within_seconds == 2
    assert asked.agent_from_speech_start
    assert asked.redial_lock_hours == 72
    assert asked.caller_id_always


def test_limits_of_russia() -> None:
    asked = limits([PACKS["ru-38fz"], PACKS["ru-41fz"]])
    assert asked.modes == (Mode.PREVIEW, Mode.MANUAL)
    assert asked.labelled
    assert asked.abandon_cap is None


def test_the_strictest_of_several() -> None:
    one, other = limits([PACKS["us-tsr"], PACKS["uk-ofcom"]]), limits([PACKS["uk-ofcom"], PACKS["us-tsr"]])
    assert one.abandon_cap == other.abandon_cap == 0.01
    assert one.abandon_window_days == other.abandon_window_days == 30
    assert one.redial_lock_hours == other.redial_lock_hours == 72
    assert set(one.message) == set(other.message) == {"name", "number", "opt_out"}


def test_no_pack_asks_nothing() -> None:
    assert limits([]) == limits([PACKS["service"]]) == CampaignLimits()


# --- which packs apply ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "purpose", "channel", "mode", "expected"),
    [
        ("US", "marketing", "call", "predictive", "us-tsr"),
        ("US", "collections", "call", "predictive", "us-reg-f"),
        ("US", "service", "call", "agentless", "service"),
        ("GB", "marketing", "call", "progressive", "uk-ofcom eu-eprivacy"),
        ("GB", "marketing", "sms", "agentless", "eu-eprivacy"),
        ("PL", "marketing", "email", "agentless", "pl-pke eu-eprivacy"),
        ("PL", "collections", "call", "preview", "pl-debt"),
        ("PL", "information", "call", "agentless", "service"),
        ("RU", "marketing", "call", "manual", "ru-38fz ru-41fz"),
        ("RU", "collections", "call", "predictive", "ru-230fz ru-41fz"),
        ("RU", "service", "call", "agentless", "service ru-41fz"),
        ("RU", "information", "call", "predictive", "service ru-41fz"),
        ("RU", "information", "call", "manual", "service"),
        ("RU", "information", "sms", "agentless", "service"),
        ("DE", "marketing", "call", "predictive", "eu-eprivacy"),
        ("NO", "marketing", "email", "agentless", "eu-eprivacy"),
        ("DE", "collections", "call", "preview", "service"),
        ("AU", "marketing", "call", "preview", "service"),
        (None, "marketing", "call", "preview", "service"),
        (None, "information", "call", "preview", "service"),
    ],
)
def test_packs_that_apply(country: str | None, purpose: str, channel: str, mode: str, expected: str) -> None:
    assert packs_for(country, Purpose(purpose), Channel(channel), Mode(mode)) == tuple(expected.split())


def test_there_is_always_a_pack() -> None:
    for country in (None, "US", "GB", "PL", "RU", "DE", "AU", "XX"):
        for purpose in Purpose:
            for channel in Channel:
                for mode in Mode:
                    chosen = packs_for(country, purpose, channel, mode)
                    assert chosen
                    assert set(chosen) <= set(PACKS)
