"""Do not contact: every scope, per channel and purpose, before all packs and whatever was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.facts import Callee, ObjectionFact, Requested
from tests.gate_cases import VARSOVIAN, ask, consent, refused_by, utc, verdict

ANNA = replace(VARSOVIAN, id="anna", email="anna@mail.example.com", household="h1")
AT = utc("2026-03-01 00:00")


def objection(scope: str, value: str | None, **given: object) -> ObjectionFact:
    return ObjectionFact(scope, value, "asked", AT, **given)


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        ("number", "+48220000001"),
        ("number", "+48 22 000 00 01"),
        ("number", "0048220000001"),
        ("number", None),
        ("person", "anna"),
        ("person", None),
        ("household", "h1"),
        ("domain", "mail.example.com"),
        ("domain", "Example.COM"),
        ("domain", "@example.com"),
        ("prefix", "+4822"),
        ("prefix", "+48 22"),
        ("prefix", "48"),
    ],
)
def test_what_is_covered(scope: str, value: str | None) -> None:
    decision = ask(
        "service", "2026-06-02 12:00", ANNA, purpose="service", objections=[objection(scope, value)]
    )
    refused_by(decision, f"do-not-contact/{scope}", None)
    assert decision.checked[0].rule == f"do-not-contact/{scope}"
    assert "asked" in (decision.reason or "")


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        ("number", "+48220000002"),
        ("number", "+4822000000"),
        ("person", "jan"),
        ("household", "h2"),
        ("domain", "ample.com"),
        ("domain", "example.org"),
        ("domain", "."),
        ("prefix", "+4858"),
        ("prefix", "22"),
        ("prefix", "+"),
    ],
)
def test_what_is_not(scope: str, value: str) -> None:
    decision = ask(
        "service", "2026-06-02 12:00", ANNA, purpose="service", objections=[objection(scope, value)]
    )
    assert decision.allowed
    assert verdict(decision, "do-not-contact") == "pass"


def test_an_address_is_compared_as_it_is_written_but_for_capitals() -> None:
    reader = Callee("c1", "anna@example.com", None, "PL")
    for scope, value, covered in [
        ("number", "Anna@Example.com", True),
        ("number", "jan@example.com", False),
        ("domain", "example.com", True),
        ("prefix", "+48", False),
    ]:
        decision = ask(
            [],
            "2026-06-02 12:00",
            reader,
            channel="email",
            purpose="service",
            objections=[objection(scope, value)],
        )
        assert decision.allowed is not covered, (scope, value)


def test_it_beats_requests_and_consents() -> None:
    decision = ask(
        "service",
        "2026-06-02 12:00",
        ANNA,
        purpose="marketing",
        requested=Requested(utc("2026-06-02 11:00")),
        consents=[consent("marketing")],
        objections=[objection("person", "anna")],
    )
    refused_by(decision, "do-not-contact/person", None)


def test_it_takes_effect_at_its_second() -> None:
    for now, allowed in [("2026-02-28 23:59:59", True), ("2026-03-01 00:00:00", False)]:
        decision = ask([], now, ANNA, purpose="service", objections=[objection("person", "anna")])
        assert decision.allowed is allowed


def test_per_channel_and_purpose() -> None:
    def allowed(channel: str, purpose: str, **given: object) -> bool:
        told = [objection("person", "anna", **given)]
        return ask([], "2026-06-02 12:00", ANNA, channel=channel, purpose=purpose, objections=told).allowed

    calls = {"channels": frozenset({"call"})}
    assert not allowed("call", "marketing", **calls)
    assert allowed("sms", "marketing", **calls)
    adverts = {"purposes": frozenset({"marketing"})}
    assert not allowed("sms", "marketing", **adverts)
    assert allowed("sms", "service", **adverts)
    assert allowed("call", "service", **calls, **adverts)
    assert not allowed("call", "marketing", **calls, **adverts)


def test_every_objection_is_told() -> None:
    told = [objection("person", "anna"), objection("prefix", "+48")]
    decision = ask([], "2026-06-02 12:00", ANNA, purpose="service", objections=told)
    assert [each.rule for each in decision.checked] == ["do-not-contact/person", "do-not-contact/prefix"]


def test_an_unknown_scope_is_an_error_and_no_leave() -> None:
    with pytest.raises(ValueError, match="planet"):
        ask([], "2026-06-02 12:00", ANNA, purpose="service", objections=[objection("planet", "earth")])
