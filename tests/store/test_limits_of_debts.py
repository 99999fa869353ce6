"""The limits of calls about a debt hold over campaigns, numbers and debts of one person."""

from __future__ import annotations

from compliance.facts import Mode, Purpose
from engine.gatekeeper import ContactRequest
from history.interaction import ContactPoint, PointKind
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import person
from tests.store.test_decisions import keeper, request

NUMBERS = tuple(ContactPoint(PointKind.PHONE, f"+1212555010{n}") for n in (7, 8))


async def test_seven_calls_about_a_debt_are_all_whatever_campaign_and_number(
    store: Store, clock: HandClock
) -> None:
    anna, gate = await person(store, *NUMBERS), keeper(store, clock)

    def call(n: int, debt: str) -> ContactRequest:
        return request(
            n,
            purpose=Purpose.COLLECTIONS,
            mode=Mode.AGENTLESS,
            point=NUMBERS[n % 2],
            contact_id=anna.id,
            debt=debt,
            campaign=("owed", "reminded", "last")[n % 3],
        )

    for n in range(7):
        assert (await gate.ask(call(n, "D-1"))).allowed, n
    for n in (7, 8, 9):
        assert (await gate.ask(call(n, "D-1"))).rule == "us-reg-f/7-in-7", "neither number, no campaign"
    for n in range(10, 17):
        assert (await gate.ask(call(n, "D-2"))).allowed, "another debt of theirs has its own count"
    assert (await gate.ask(call(17, "D-2"))).rule == "us-reg-f/7-in-7"
    clock.pass_seconds(7 * 86_400)
    assert (await gate.ask(call(18, "D-1"))).allowed
