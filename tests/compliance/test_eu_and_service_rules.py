"""eu-eprivacy, and `service`: contact that a person asked for."""

from __future__ import annotations

import pytest

from compliance.facts import Callee, Requested
from tests.gate_cases import VARSOVIAN, ask, consent, refused_by, second_before, utc, verdict

BERLINER = Callee("c5", "+493000000001", "Europe/Berlin", "DE", None, "fixed")


@pytest.mark.parametrize(
    ("channel", "mode", "needed"),
    [
        ("call", "agentless", True),
        ("call", "predictive", False),
        ("call", "progressive", False),
        ("call", "preview", False),
        ("call", "manual", False),
        ("sms", "manual", True),
        ("email", "preview", True),
        ("push", "agentless", True),
        ("messenger", "manual", True),
    ],
)
def test_marketing_by_machines_and_messages_needs_a_consent(channel: str, mode: str, needed: bool) -> None:
    given = {"purpose": "marketing", "channel": channel, "mode": mode}
    decision = ask("eu-eprivacy", "2026-06-02 12:00", BERLINER, **given)
    assert decision.allowed is not needed
    if needed:
        refused_by(decision, "eu-eprivacy/consent", None)
        agreed = [consent("marketing", channel)]
        assert ask("eu-eprivacy", "2026-06-02 12:00", BERLINER, **given, consents=agreed).allowed
    told = ask("eu-eprivacy", "2026-06-02 12:00", BERLINER, **{**given, "purpose": "service"})
    assert verdict(told, "eu-eprivacy/consent") == "not_applicable"


def test_eprivacy_is_in_force_from_31_october_2003() -> None:
    given = {"purpose": "marketing", "channel": "email", "mode": "agentless"}
    assert ask("eu-eprivacy", "2003-10-30 22:59:59", BERLINER, **given).allowed
    assert not ask("eu-eprivacy", "2003-10-30 23:00", BERLINER, **given).allowed


# --- service: its hours -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opens", "closes", "opens_next"),
    [
        ("2026-01-14 07:00", "2026-01-14 20:00", "2026-01-15 07:00"),
        ("2026-03-29 06:00", "2026-03-29 19:00", "2026-03-30 06:00"),  # clocks went forward
        ("2026-10-25 07:00", "2026-10-25 20:00", "2026-10-26 07:00"),  # clocks went back
    ],
)
@pytest.mark.parametrize("asked", [False, True])
def test_from_8_until_21(opens: str, closes: str, opens_next: str, asked: bool) -> None:
    requested = Requested(utc("2026-01-01 12:00")) if asked else None
    for purpose in ("service", "information"):
        given = {"purpose": purpose, "requested": requested}
        refused_by(ask("service", second_before(opens), VARSOVIAN, **given), "service/hours", opens)
        assert ask("service", opens, VARSOVIAN, **given).allowed
        assert ask("service", second_before(closes), VARSOVIAN, **given).allowed
        refused_by(ask("service", closes, VARSOVIAN, **given), "service/hours", opens_next)


def chosen(begins: str | None, ends: str | None) -> Requested:
    return Requested(
        utc("2026-01-13 12:00"), None if begins is None else utc(begins), None if ends is None else utc(ends)
    )


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("2026-01-14 15:00", "2026-01-14 17:00"),
        ("2026-01-14 21:30", "2026-01-14 22:30"),  # 22:30 to 23:30 in Warsaw: they chose it
        ("2026-01-14 22:00", "2026-01-15 03:00"),  # over midnight
    ],
)
def test_the_time_they_chose_and_no_other(begins: str, ends: str) -> None:
    given = {"purpose": "service", "requested": chosen(begins, ends)}
    refused_by(ask("service", "2026-01-14 12:00", VARSOVIAN, **given), "service/hours", begins)
    refused_by(ask("service", second_before(begins), VARSOVIAN, **given), "service/hours", begins)
    assert ask("service", begins, VARSOVIAN, **given).allowed
    assert ask("service", ends, VARSOVIAN, **given).allowed
    for later in ("2026-01-15 03:00:01", "2026-01-15 12:00"):
        decision = ask("service", later, VARSOVIAN, **given)
        refused_by(decision, "service/hours", None)
        assert "has passed" in (decision.reason or "")


def test_a_chosen_time_without_an_end_lasts_until_21_of_its_day() -> None:
    given = {"purpose": "service", "requested": chosen("2026-01-14 15:00", None)}
    refused_by(ask("service", "2026-01-14 14:59:59", VARSOVIAN, **given), "service/hours", "2026-01-14 15:00")
    assert ask("service", "2026-01-14 15:00", VARSOVIAN, **given).allowed
    assert ask("service", "2026-01-14 19:59:59", VARSOVIAN, **given).allowed
    refused_by(ask("service", "2026-01-14 20:00", VARSOVIAN, **given), "service/hours", None)
    # One that begins after 21:00 lasts to its midnight.
    given = {"purpose": "service", "requested": chosen("2026-01-14 20:30", None)}
    assert ask("service", "2026-01-14 22:59:59", VARSOVIAN, **given).allowed
    refused_by(ask("service", "2026-01-14 23:00", VARSOVIAN, **given), "service/hours", None)


def test_a_chosen_time_without_a_beginning_has_the_usual_hours() -> None:
    given = {"purpose": "service", "requested": chosen(None, "2026-01-15 10:00")}
    refused_by(ask("service", "2026-01-14 20:00", VARSOVIAN, **given), "service/hours", "2026-01-15 07:00")
    assert ask("service", "2026-01-15 10:00", VARSOVIAN, **given).allowed
    refused_by(ask("service", "2026-01-15 10:00:01", VARSOVIAN, **given), "service/hours", None)
    # It ends before the hours begin: it can never be kept.
    given = {"purpose": "service", "requested": chosen(None, "2026-01-15 05:00")}
    refused_by(ask("service", "2026-01-14 22:00", VARSOVIAN, **given), "service/hours", None)


def test_a_chosen_time_does_not_widen_a_laws_hours() -> None:
    given = {"requested": chosen("2026-01-14 21:30", "2026-01-14 22:30")}
    decision = ask("service pl-debt", "2026-01-14 21:45", VARSOVIAN, **given)
    refused_by(decision, "pl-debt/hours", None)


# --- service: the request ---------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["marketing", "collections"])
def test_marketing_and_collections_are_service_only_when_asked_for(purpose: str) -> None:
    now = "2026-01-14 12:00"
    refused_by(ask("service", now, VARSOVIAN, purpose=purpose), "service/request", None)
    for given in (
        {"requested": Requested(utc("2026-01-14 11:00"))},
        {"consents": [consent("service")]},
        {"consents": [consent(purpose)]},
    ):
        assert ask("service", now, VARSOVIAN, purpose=purpose, **given).allowed
    for given in (
        {"requested": Requested(utc("2026-01-14 12:00:01"))},
        {"consents": [consent("service", "sms")]},
        {"consents": [consent("information")]},
    ):
        assert not ask("service", now, VARSOVIAN, purpose=purpose, **given).allowed


@pytest.mark.parametrize("purpose", ["service", "information"])
def test_service_and_information_need_only_the_hours(purpose: str) -> None:
    decision = ask("service", "2026-01-14 12:00", VARSOVIAN, purpose=purpose)
    assert decision.allowed
    assert verdict(decision, "service/request") == "not_applicable"
