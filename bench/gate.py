"""How many decisions a second the gate makes on one core.

    python -m bench.gate [--seconds 2] [--rounds 5]

Each decision has a history of 20 contacts, 3 consents and 2 packs; no two are of the same person or moment.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench import report
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
)
from compliance.gate import PACKS, decide
from compliance.pack import Pack

AIM_A_SECOND = 20_000.0
PEOPLE = 2_000
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

Case = tuple[Request, Facts, tuple[Pack, ...], datetime]


@dataclass(frozen=True)
class Kind:
    title: str
    packs: tuple[str, str]
    purpose: Purpose
    number: str
    zones: tuple[str | None, ...]
    country: str
    hours_utc: tuple[int, int]
    """The hours of `now`."""


KINDS = (
    Kind(
        "debts, United States, at any hour",
        ("us-reg-f", "us-tsr"),
        Purpose.COLLECTIONS,
        "+12125550123",
        ("America/New_York", "America/Chicago"),
        "US",
        (0, 24),
    ),
    Kind(
        "debts, Russia",
        ("ru-230fz", "ru-41fz"),
        Purpose.COLLECTIONS,
        "+74950000001",
        ("Europe/Moscow", "Asia/Omsk"),
        "RU",
        (6, 13),
    ),
    Kind(
        "marketing, Poland",
        ("pl-pke", "service"),
        Purpose.MARKETING,
        "+48220000001",
        ("Europe/Warsaw",),
        "PL",
        (8, 17),
    ),
    Kind(
        "marketing, United States, zone unknown",
        ("us-tsr", "service"),
        Purpose.MARKETING,
        "+18005550100",
        (None,),
        "US",
        (18, 24),
    ),
)


def cases(kind: Kind, chance: random.Random) -> list[Case]:
    """People of whom some were called too often, some object, and some sleep."""
    packs = tuple(PACKS[name] for name in kind.packs)
    return [_case(kind, packs, number, chance) for number in range(PEOPLE)]


def _case(kind: Kind, packs: tuple[Pack, ...], person: int, chance: random.Random) -> Case:
    day = NEW_YEAR + timedelta(days=chance.randrange(300))
    now = day + timedelta(minutes=chance.randrange(kind.hours_utc[0] * 60, kind.hours_utc[1] * 60))
    calls = [
        PastContact(
            at=now - timedelta(minutes=chance.randrange(60 * 24 * 60)),
            channel=chance.choice((Channel.CALL, Channel.CALL, Channel.SMS, Channel.EMAIL)),
            kind=chance.choice((Reached.FAILED, Reached.ATTEMPT, Reached.ATTEMPT, Reached.CONNECTION)),
            debt=chance.choice(("a", "b")),
        )
        for _ in range(19)
    ]
    talked = now - timedelta(days=chance.randrange(1, 60))
    history = (*calls, PastContact(talked, Channel.CALL, Reached.CONVERSATION, debt="a"))
    given = now - timedelta(days=chance.randrange(10, 400))
    consents = (
        ConsentFact(Channel.CALL, kind.purpose, given),
        ConsentFact(Channel.SMS, Purpose.MARKETING, given),
        ConsentFact(
            Channel.EMAIL, Purpose.MARKETING, given, None if person % 3 else given + timedelta(days=5)
        ),
    )
    objections = (ObjectionFact("number", kind.number, "asked", given),) if person % 20 == 0 else ()
    zone, line = chance.choice(kind.zones), chance.choice(("mobile", "fixed"))
    callee = Callee(f"c{person}", kind.number, zone, kind.country, type=line)
    request = Request(Channel.CALL, kind.purpose, Mode.PROGRESSIVE, callee, debt="a")
    return request, Facts(consents, objections, history), packs, now


def a_second(people: Sequence[Case], seconds: float) -> float:
    """Decisions for each second of CPU."""
    count, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        for request, facts, packs, now in people:
            decide(request, facts, packs, now)
        count += len(people)
    return count / (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="of CPU, for each kind in each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chance = random.Random(4)
    people = [cases(kind, chance) for kind in KINDS]
    figures: list[list[float]] = [[] for _ in KINDS]
    for _ in range(options.rounds):  # they take turns
        for rates, chosen in zip(figures, people, strict=True):
            rates.append(a_second(chosen, options.seconds))
    medians = [statistics.median(rates) for rates in figures]
    allowed = [sum(decide(*case).allowed for case in chosen) / len(chosen) for chosen in people]
    lines = [
        (kind.title, " + ".join(kind.packs), f"{part:.0%}", f"{rate:,.0f}", f"{1e6 / rate:.1f}")
        for kind, part, rate in zip(KINDS, allowed, medians, strict=True)
    ]
    head = ("decision", "packs", "allowed", "decisions/s", "CPU µs")
    worst = min(medians)
    verdict = "reached" if worst >= AIM_A_SECOND else "**not reached**"
    facts = report.machine()
    text = (
        f"{facts['date']}, one core of {facts['cores']} ({facts['processor']}), Python {facts['python']}. "
        f"Each with 20 contacts of history, 3 consents and 2 packs; medians of {options.rounds} rounds.\n\n"
        f"{report.table(head, lines)}\n\n"
        f"- Decisions a second, the slowest kind: {worst:,.0f} (aim ≥ {AIM_A_SECOND:,.0f}): {verdict}."
    )
    figures_of = {kind.title: rates for kind, rates in zip(KINDS, figures, strict=True)}
    report.write("rules", {"machine": facts, "decisions_a_second": figures_of}, text)
    print(text)


if __name__ == "__main__":
    main()
