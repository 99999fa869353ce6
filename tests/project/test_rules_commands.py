"""`infolinia why`, `infolinia rules audit`, and `rules:` of the configuration."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.facts import Channel, Mode, Purpose
from engine.changes import JobAdded
from engine.gatekeeper import ContactRequest, Gatekeeper
from engine.rulebook import RuleBook
from history.interaction import ContactPoint, PointKind
from infolinia.configuration import ConfigurationRejected, load_configuration
from infolinia.sections.rules import rule_book
from store.store import open_store
from tests.commands import Program, loaded_program
from tests.conftest import HandClock

ANNA = ContactPoint(PointKind.PHONE, "+48600000001")


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A hotline whose gate has decided three times: on two calls and on a message that waits."""
    (tmp_path / "infolinia.yaml").write_text("node: one\n")
    (tmp_path / "var").mkdir()

    async def fill() -> None:
        clock = HandClock()
        store = open_store(
            f"sqlite:///{tmp_path}/var/infolinia.db", tmp_path / "spool", clock=clock, node="one"
        )
        await store.start()
        gate = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)
        for n in (1, 2):
            await gate.ask(
                ContactRequest(f"call:c{n}", Channel.CALL, Purpose.MARKETING, Mode.PREDICTIVE, ANNA)
            )
            clock.pass_seconds(1)
        await store.ledger.commit([JobAdded("m1", "sms", "k1", {"to": ANNA.value})], durable=True)
        await gate.ask(ContactRequest("message:m1", Channel.SMS, Purpose.SERVICE, Mode.AGENTLESS, ANNA))
        await store.close()

    asyncio.run(fill())
    return tmp_path


AT = ("--at", "2026-11-23T22:30")


def test_why_a_contact_by_number_or_id(program: Program, home: Path) -> None:
    ways = ("--channel", "call", "--purpose", "marketing", "--purpose", "information", *AT)
    ran = program.run(home, "why", "contact", "600 000 001", *ways)
    assert ran.code == 0, ran.errors
    assert "+48600000001: call, marketing, manual: refused by pl-pke/consent" in ran.output
    assert "never, as things are" in ran.output
    assert "+48600000001: call, information, manual: refused by service/hours" in ran.output
    assert "from 2026-11-24 08:00 Europe/Warsaw for them, 2026-11-24 08:00 for us" in ran.output
    assert "! refuse         pl-pke/consent: " in ran.output
    assert "call:c2  call, marketing, predictive: refused by pl-pke/consent" in ran.output
    contact_id = ran.output.splitlines()[0].removeprefix("contact ")
    told = json.loads(program.run(home, "why", "contact", contact_id, *ways, "--json").output)
    assert [(way["purpose"], way["allowed"]) for way in told["ways"]] == [
        ("marketing", False),
        ("information", False),
    ]
    assert told["ways"][1]["next_allowed_at"] == "2026-11-24T07:00:00Z"
    assert [one["subject"] for one in told["decisions"]] == ["message:m1", "call:c2", "call:c1"]


def test_why_a_message_that_waits(program: Program, home: Path) -> None:
    told = json.loads(program.run(home, "why", "message", "m1", "--json", *AT).output)
    (way,) = told["ways"]
    assert (way["channel"], way["purpose"], way["mode"], way["rule"]) == (
        "sms",
        "service",
        "agentless",
        "service/hours",
    )
    assert [one["subject"] for one in told["decisions"]] == ["message:m1"]
    ran = program.run(home, "why", "call", "c1")
    assert "call:c1  call, marketing, predictive: refused by pl-pke/consent" in ran.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("contact", "nobody"), "There is no contact nobody."),
        (("message", "m9"), "There is no message m9 on which anything was decided."),
        (("lead", "l1"), "There is no lead l1."),
        (("contact", "12"), '"12" is neither a contact\'s id nor a telephone number'),
        (("contact", "nobody", "--at", "soon"), '--at "soon" is no date or time'),
        (("contact", ANNA.value, "--at", "0001-01-01"), "name a year from 1970 to 2199"),
        (("contact", ANNA.value, "--at", "9999-12-31T23:59-05:00"), "name a year from 1970 to 2199"),
    ],
)
def test_what_is_unknown_is_told_in_a_sentence(
    program: Program, home: Path, arguments: tuple[str, ...], told: str
) -> None:
    assert told in program.run(home, "why", *arguments).sentence


def test_the_audit_finds_a_changed_row(program: Program, home: Path) -> None:
    ran = program.run(home, "rules", "audit")
    assert ran.code == 0, ran.errors
    noted = ran.output.splitlines()[0].rpartition(" ")[2]
    assert ran.output.splitlines() == [
        f"one: 3 decisions, {noted}",
        "Every decision is as it was written.",
    ]
    with closing(sqlite3.connect(home / "var" / "infolinia.db")) as database:
        database.execute("UPDATE decisions SET allowed = 1 WHERE seq = 2")
        database.commit()
    ran = program.run(home, "rules", "audit", "--expect", noted)
    assert ran.code == 3
    assert "one: row 2: changed: the row is not as it was written" in ran.output
    told = json.loads(program.run(home, "rules", "audit", "--json").output)
    assert [(one["writer"], one["seq"], one["kind"]) for one in told["findings"]] == [("one", 2, "changed")]
    assert not told["whole"]
    assert "is not WRITER:SEQ:HASH" in program.run(home, "rules", "audit", "--expect", "one:2").sentence


# --- rules: of the configuration ----------------------------------------------------------------------------

RULES = """
campaigns: [spring]
rules:
  campaigns: {spring: [us-tsr]}
  purposes: {service: [pl-debt]}
  numbers: {service: {hours: {begins: "09:00"}}}
  overrides:
    - {pack: pl-debt, numbers: {conversations-a-day: {most: 2}}, by: Anna, reason: the court allowed it,
       at: 2026-11-01, until: 2026-11-30}
"""


def test_own_numbers_and_packs_are_asked(tmp_path: Path) -> None:
    (tmp_path / "infolinia.yaml").write_text(RULES)
    configuration = load_configuration(tmp_path / "infolinia.yaml")
    book = rule_book(configuration.rules, configuration.country)

    def names(campaign: str | None, at: datetime) -> list[tuple[str, int]]:
        ways = Channel.CALL, Purpose.SERVICE, Mode.MANUAL
        packs = book.packs(*ways, ["PL"], at, campaign=campaign)
        return [(pack.name, len(pack.overrides)) for pack in packs]

    within, after = datetime(2026, 11, 30, 23, 59, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert names("spring", within) == [("us-tsr", 0), ("pl-debt", 1), ("service", 0)]
    assert names(None, after) == [("pl-debt", 0), ("service", 0)]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("campaigns: {autumn: [us-tsr]}", "rules.campaigns.autumn: there is no campaign of that name"),
        ("purposes: {fun: [us-tsr]}", "input should be 'marketing'"),
        ("purposes: {service: [us-law]}", "there is no pack 'us-law'"),
        ('numbers: {service: {hours: {begins: "07:00"}}}', "would be looser"),
        ('numbers: {service: {hours: {starts: "09:00"}}}', "is no number of it"),
        (
            "overrides: [{pack: pl-debt, numbers: {}, by: A, reason: x, at: 2026-11-02, until: 2026-11-01}]",
            "before 'at'",
        ),
        ("overrides: [{pack: pl-debt, numbers: {}, by: Anna, at: 2026-11-02, until: 2026-12-01}]", "reason"),
    ],
)
def test_rules_that_cannot_hold_are_refused_with_their_place(tmp_path: Path, rules: str, told: str) -> None:
    (tmp_path / "infolinia.yaml").write_text(f"rules:\n  {rules}\n")
    with pytest.raises(ConfigurationRejected) as refused:
        load_configuration(tmp_path / "infolinia.yaml")
    assert told in str(refused.value)
    assert "infolinia.yaml:2:" in str(refused.value)
