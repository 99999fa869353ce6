"""What tests of the gate write: callees, past contacts and consents in a line each, all times by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from compliance.decision import Decision
from compliance.facts import (
    Callee,
    Channel,
    ConsentFact,
    Facts,
    Mode,
    ObjectionFact,
    PastContact,
    Purpose,
    Reached,
    Request,
    Requested,
)
from compliance.gate import PACKS, decide
from compliance.pack import Pack

NEW_YORKER = Callee("c1", "+12125550123", "America/New_York", "US", "NY", "mobile")
LONDONER = Callee("c2", "+442079460000", "Europe/London", "GB", None, "fixed")
VARSOVIAN = Callee("c3", "+48220000001", "Europe/Warsaw", "PL", None, "fixed")
MUSCOVITE = Callee("c4", "+74950000001", "Europe/Moscow", "RU", None, "fixed")


def utc(text: str) -> datetime:
    """ "2026-11-21 16:05" or with seconds, in UTC."""
    return datetime.fromisoformat(f"{text.replace(' ', 'T')}+00:00")


def past(
    text: str,
    kind: str = "attempt",
    channel: str = "call",
    *,
    debt: str | None = None,
    direction: str = "outbound",
    abandoned: bool = False,
) -> PastContact:
    return PastContact(utc(text), Channel(channel), Reached(kind), direction, debt, abandoned)


def consent(
    purpose: str, channel: str = "call", given: str = "2020-01-01 12:00", withdrawn: str | None = None
) -> ConsentFact:
    return ConsentFact(Channel(channel), purpose, utc(given), None if withdrawn is None else utc(withdrawn))


def ask(
    packs: str | Iterable[Pack],
    now: str | datetime,
    callee: Callee,
    *,
    purpose: str = "collections",
    channel: str = "call",
    mode: str = "preview",
    debt: str | None = None,
    requested: Requested | None = None,
    history: Iterable[PastContact] = (),
    consents: Iterable[ConsentFact] = (),
    objections: Iterable[ObjectionFact] = (),
) -> Decision:
    chosen = [PACKS[name] for name in packs.split()] if isinstance(packs, str) else list(packs)
    request = Request(Channel(channel), Purpose(purpose), Mode(mode), callee, debt, requested)
    facts = Facts(tuple(consents), tuple(objections), tuple(history))
    return decide(request, facts, chosen, utc(now) if isinstance(now, str) else now)


def verdict(decision: Decision, rule: str) -> str:
    return next(each.verdict.value for each in decision.checked if each.rule == rule)


def refused_by(decision: Decision, rule: str, next_allowed_at: str | None) -> None:
    """Assert that it is refused by `rule`, and from when on it is not (None: never as things are)."""
    assert not decision.allowed
    assert decision.rule == rule, decision
    assert decision.reason
    expected = None if next_allowed_at is None else utc(next_allowed_at)
    assert decision.next_allowed_at == expected, decision


def second_before(text: str) -> datetime:
    return utc(text) - timedelta(seconds=1)
