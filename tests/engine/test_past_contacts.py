"""How far a contact of the history got, as the gate counts it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compliance.facts import Channel, PastContact
from engine.registers.past_contacts import PastRow, past_contact

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def row(channel: str = "call", direction: str = "outbound", **more: object) -> PastRow:
    values = {"outcome": None, "duration_seconds": 0.0, "agent": None, "data": {}, **more}
    return PastRow(AT, channel, direction, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("past", "reached"),
    [
        # What the row says itself goes before all else.
        (row(outcome="completed", data={"reached": "failed"}), "failed"),
        (row(outcome="unallocated", data={"reached": "conversation"}), "conversation"),
        (row(outcome="no_answer", data={"reached": "nonsense"}), "attempt"),
        (row(outcome="no_answer", data={"reached": ["failed"]}), "attempt"),
        # It never reached the number.
        *[
            (row(outcome=one), "failed")
            for one in ("failed", "unallocated", "changed", "congestion", "unknown_number")
        ],
        # It rang.
        *[(row(outcome=one), "attempt") for one in ("busy", "no_answer", "refused", "lost")],
        (row(), "attempt"),
        # It was answered; nobody says by whom.
        (row(outcome="voicemail", duration_seconds=20.0), "connection"),
        (row(outcome="completed", duration_seconds=20.0), "conversation"),
        (row(outcome="transferred", duration_seconds=20.0), "conversation"),
        (row(outcome="sold", duration_seconds=0.0), "conversation"),
        (row(duration_seconds=0.1), "conversation"),
        (row(outcome="no_answer", agent="anna"), "conversation"),
        # They called us.
        (row(direction="inbound", outcome="completed", duration_seconds=20.0, agent="anna"), "conversation"),
        (row(direction="inbound", outcome="completed", duration_seconds=20.0), "connection"),
        (row(direction="inbound", outcome="abandoned", duration_seconds=0.0), "attempt"),
        (row("voicemail", "inbound", duration_seconds=9.0), "connection"),
        # Messages.
        *[
            (row("sms", outcome=one), "failed")
            for one in ("failed", "undelivered", "rejected", "bounced", "refused", "expired")
        ],
        (row("sms", outcome="delivered"), "attempt"),
        (row("email"), "attempt"),
        (row("messenger", outcome="read", data={"reached": "connection"}), "connection"),
    ],
)
def test_how_far_it_got(past: PastRow, reached: str) -> None:
    found = past_contact(past)
    assert found is not None
    assert found.kind == reached


@pytest.mark.parametrize("channel", ["chat", "form", "callback", "promise", "payment", "something"])
def test_what_is_no_contact_of_the_gates_channels(channel: str) -> None:
    assert past_contact(row(channel)) is None


def test_debt_and_abandonment_are_taken_from_the_data() -> None:
    data = {"reached": "connection", "debt": "D-1", "abandoned": True}
    assert past_contact(row(data=data)) == PastContact(
        AT,
        Channel.CALL,
        "connection",
        debt="D-1",
        abandoned=True,  # type: ignore[arg-type]
    )
    assert past_contact(row(data={"debt": 17})).debt == "17"  # type: ignore[union-attr]
    for strange in (True, {"id": 1}, None, 1.5):
        assert past_contact(row(data={"debt": strange})).debt is None  # type: ignore[union-attr]
    assert not past_contact(row(data={"abandoned": "yes"})).abandoned  # type: ignore[union-attr]
