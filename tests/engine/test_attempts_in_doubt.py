"""Attempts of which the answer was lost, and clocks that were put back: no lead stays on the line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calls.events import CallEventKind as Kind
from compliance.facts import Mode
from dialer.campaign import Campaign, CampaignKind
from dialer.lead import LeadState
from engine.changes import AttemptBegun
from engine.ports import LedgerUnavailable, StoreUnavailable
from tests.dialer.leads_and_calls import rules
from tests.engine.dialling_stage import Office, numbers, office, spring


def news() -> Campaign:
    return spring(kind=CampaignKind.INFORMATION, mode=Mode.AGENTLESS, queue=None, flow="news", retry=rules())


def answers_are_lost(at: Office, times: int) -> list[str]:
    """The first commits of attempts are written, and said to have failed."""
    lost: list[str] = []
    commit = at.stage.ledger.commit

    async def cut(changes, *, durable: bool = False) -> None:  # type: ignore[no-untyped-def]
        await commit(changes, durable=durable)
        begun = [one.attempt.id for one in changes if isinstance(one, AttemptBegun)]
        if begun and len(lost) < times:
            lost.extend(begun)
            raise LedgerUnavailable("The connection was closed.")

    at.stage.ledger.commit = cut  # type: ignore[method-assign]
    return lost


async def test_a_lead_whose_attempt_was_written_and_never_made_is_called_once_in_the_end(
    tmp_path: Path,
) -> None:
    at = office(tmp_path)
    at.put(news(), *numbers(2))
    lost = answers_are_lost(at, 1)
    at.start()
    await at.until(lambda: bool(lost))
    await at.until(lambda: at.books.attempts[lost[0]].ended_at is not None, 30)
    assert at.stage.ledger.kinds(lost[0])[-1] is Kind.ENDED
    assert at.books.attempts[lost[0]].dialled_at is None
    await at.until(lambda: {lead.state for lead in at.books.leads.values()} == {LeadState.DONE})
    assert sorted(at.public.dialled) == list(numbers(2))
    assert [lead.attempts for lead in at.books.leads.values()] == [1, 1]
    await at.stop()


async def test_calls_of_before_are_found_though_the_clock_was_put_back(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(news(), *numbers(1))
    keep = at.stage.ledger.commit

    async def dies(changes: object, *, durable: bool = False) -> None:
        if at.books.attempts:
            await at.pass_by(1000)  # for ever
        await keep(changes, durable=durable)  # type: ignore[arg-type]

    at.stage.ledger.commit = dies  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: bool(at.books.attempts))
    await at.crash()
    ((name, attempt),) = at.books.attempts.items()
    at.books.attempts[name] = replace(attempt, reserved_at=attempt.reserved_at + timedelta(hours=1))
    later = office(tmp_path, after=at)
    later.start()
    await later.stage.connect()
    await later.until(lambda: later.lead(1).state is LeadState.DONE, 60)
    assert later.public.dialled == list(numbers(1))
    await later.stop()


async def test_what_earlier_calls_left_is_written_before_the_gate_is_asked(tmp_path: Path) -> None:
    """An opt-out by key in a call that has just ended must be there for the next campaign to see."""
    at = office(tmp_path)
    at.put(news(), *numbers(1))
    written: list[str] = []
    commit, ask = at.stage.ledger.commit, at.stage.gate.ask

    async def commits(changes, *, durable: bool = False) -> None:  # type: ignore[no-untyped-def]
        await commit(changes, durable=durable)
        if durable:
            written.append("all" if not changes else "call")

    async def asks(request):  # type: ignore[no-untyped-def]
        written.append("gate")
        return await ask(request)

    at.stage.ledger.commit, at.stage.gate.ask = commits, asks  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: bool(at.public.dialled))
    assert written[:3] == ["all", "gate", "call"]
    await at.stop()


@pytest.mark.parametrize("fault", [ValueError("a bad row"), StoreUnavailable("away")])
async def test_a_campaign_that_fails_costs_the_others_no_lease(tmp_path: Path, fault: Exception) -> None:
    at = office(tmp_path)
    at.put(replace(news(), id="first", name="first"))
    at.put(news(), *numbers(1))
    lease = at.books.lease

    async def fails(name: str, owner: str, seconds: float):  # type: ignore[no-untyped-def]
        if name == "first" and (isinstance(fault, ValueError) or at.stage.clock.monotonic() < away_until):
            raise fault
        return await lease(name, owner, seconds)

    away_until = at.stage.clock.monotonic() + 10
    at.books.lease = fails  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: at.public.dialled == list(numbers(1)), 60)
    await at.stop()
