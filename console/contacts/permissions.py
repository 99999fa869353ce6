"""What a person allows, and whether they may be contacted now, as a page shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from compliance.decision import Decision, Verdict
from compliance.facts import Channel, Purpose
from console.gate_telling import gate_told
from console.words import Words
from engine.explaining import Explained
from engine.registers.permissions import PersonFacts
from history.interaction import ContactPoint
from history.permissions import Consent, Objection, Scope

CHANNEL_ICONS: Mapping[str, str] = {
    Channel.CALL: "phone",
    Channel.SMS: "message-square",
    Channel.EMAIL: "mail",
    Channel.PUSH: "bell",
    Channel.MESSENGER: "smartphone",
    "": "mic",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it was asked. `deciding`: the refusal is its."""

    name: str
    verdict: Verdict
    reason: str
    deciding: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """May we, for this purpose? `next` is the next lawful moment, theirs; `next_whole` names its day."""

    purpose: Purpose
    allowed: bool
    reason: str
    next: str
    next_whole: str
    rules: tuple[Rule, ...]
    packs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One channel to one point, and the answer for each purpose."""

    channel: Channel
    icon: str
    point: ContactPoint
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """An objection in force; without an `id` it is one of many people, such as a prefix of numbers."""

    id: str | None
    at: datetime
    scope: str
    value: str
    reason: str
    channels: tuple[str, ...]
    purposes: tuple[str, ...]
    list_name: str | None = None


def ways(explained: Sequence[Explained], words: Words, now: datetime) -> tuple[Way, ...]:
    """The gate's verdicts, each channel and point once, in the order in which they were asked."""
    found: dict[tuple[Channel, ContactPoint], list[Answer]] = {}
    for one in explained:
        found.setdefault((one.channel, one.point), []).append(_answer(one, words, now))
    return tuple(
        Way(channel, CHANNEL_ICONS[channel], point, tuple(answers))
        for (channel, point), answers in found.items()
    )


def standing(consents: Sequence[Consent]) -> tuple[Consent, ...]:
    """The last word on each channel, purpose and point, of consents that come newest first."""
    last: dict[tuple[str, str, ContactPoint | None], Consent] = {}
    for one in consents:
        last.setdefault((one.channel, one.purpose, one.point), one)
    return tuple(sorted(last.values(), key=lambda one: (one.channel, one.purpose)))


def forbidden(objections: Sequence[Objection], person: PersonFacts | None) -> tuple[Forbidden, ...]:
    """Those of the person, which may be lifted, then those that are about many."""
    own = [
        Forbidden(
            one.id,
            one.at,
            one.scope,
            one.value,
            one.reason,
            tuple(sorted(one.channels)),
            tuple(sorted(one.purposes)),
            one.list_name,
        )
        for one in objections
    ]
    facts = person.facts.do_not_contact if person else ()
    wide = [
        Forbidden(
            None,
            fact.at,
            fact.scope,
            fact.value or "",
            fact.reason,
            tuple(sorted(fact.channels)),
            tuple(sorted(fact.purposes)),
        )
        for fact in facts
        if fact.scope in (Scope.DOMAIN, Scope.PREFIX)
    ]
    return (*own, *wide)


def zones_of(explained: Sequence[Explained], set_zone: tzinfo | None) -> tuple[tzinfo, ...]:
    """Where the person may be: the zone that was set, else all that their numbers leave open."""
    if set_zone is not None:
        return (set_zone,)
    return tuple(dict.fromkeys(zone for one in explained for zone in one.zones))


def their_time(zones: Collection[tzinfo], now: datetime) -> str:
    """HH:MM there; the earliest and the latest where they may be in several zones."""
    times = sorted({now.astimezone(zone).replace(tzinfo=None) for zone in zones})
    if not times:
        return ""
    first, last = f"{times[0]:%H:%M}", f"{times[-1]:%H:%M}"
    return first if first == last else f"{first}–{last}"


def _answer(one: Explained, words: Words, now: datetime) -> Answer:
    decision = one.decision
    return Answer(
        one.purpose,
        decision.allowed,
        gate_told(decision.reason, words),
        *_next(decision, one.zones, words, now),
        tuple(
            Rule(
                each.rule,
                each.verdict,
                gate_told(each.reason, words),
                not decision.allowed and each.rule == decision.rule,
            )
            for each in decision.checked
        ),
        one.packs,
    )


def _next(decision: Decision, zones: Sequence[tzinfo], words: Words, now: datetime) -> tuple[str, str]:
    if decision.next_allowed_at is None:
        return "", ""
    zone = zones[0] if zones else None
    there, today = decision.next_allowed_at.astimezone(zone), now.astimezone(zone).date()
    short = f"{there:%H:%M}" if there.date() == today else f"{there:%d.%m, %H:%M}"
    return short, f"{words.listed('weekdays')[there.weekday()]}, {there:%d.%m, %H:%M}"
