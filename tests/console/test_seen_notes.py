"""Notes of what people saw: none is lost, and nothing is shown that cannot be noted."""

from __future__ import annotations

import asyncio

import pytest

from engine.ports import StoreUnavailable
from engine.seen_notes import MOST_WAITING as MOST_NOTES
from engine.seen_notes import SeenNotes
from tests.conftest import HandClock
from tests.console.offices import SHELL, Office
from tests.console.stage import PHONE, Stage, order_call


class AuditThatIsAway:
    def __init__(self) -> None:
        self.away = True
        self.written: list[str] = []

    async def add(self, notes: list[object]) -> None:
        if self.away:
            raise StoreUnavailable("gone")
        self.written += [note.subject for note in notes]  # type: ignore[attr-defined]


async def test_notes_wait_for_the_database_and_then_reading_stops(clock: HandClock) -> None:
    audit = AuditThatIsAway()
    seen = SeenNotes(audit, clock)  # type: ignore[arg-type]
    seen.note(SHELL, "contact.seen", [f"contact:{n}" for n in range(MOST_NOTES)])
    await seen.flush()
    with pytest.raises(StoreUnavailable):
        seen.note(SHELL, "contact.seen", ["contact:more"])
    audit.away = False
    await seen.flush()
    assert audit.written == [f"contact:{n}" for n in range(MOST_NOTES)]
    seen.note(SHELL, "contact.seen", ["contact:more"])


async def test_a_graceful_end_loses_no_note(clock: HandClock) -> None:
    audit = AuditThatIsAway()
    audit.away = False
    seen = SeenNotes(audit, clock, flush_seconds=3600)  # type: ignore[arg-type]
    await seen.start()
    seen.note(SHELL, "contact.seen", ["contact:1"])
    await seen.close()
    await seen.close()
    assert audit.written == ["contact:1"]


async def test_notes_are_written_within_a_second(clock: HandClock) -> None:
    audit = AuditThatIsAway()
    audit.away = False
    seen = SeenNotes(audit, clock, flush_seconds=0.01)  # type: ignore[arg-type]
    await seen.start()
    seen.note(SHELL, "contact.seen", ["contact:1"])
    async with asyncio.timeout(5):
        while not audit.written:  # noqa: ASYNC110 (another task writes it)
            await asyncio.sleep(0.01)
    await seen.close()


async def test_a_page_of_a_call_is_not_shown_when_it_cannot_be_noted(
    office: Office, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.queries.add(order_call(), PHONE)
    await office.add("Anna")
    await office.sign_in("Anna")
    office.seen.note(SHELL, "contact.seen", [f"contact:{n}" for n in range(MOST_NOTES)])
    answer = await office.page("/calls/c1")
    assert answer.status == 503
    assert "+48 22 000 01 42" not in await answer.text()
