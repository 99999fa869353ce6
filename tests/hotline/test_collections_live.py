"""Collections on real Asterisks: known by keys, promised in instalments, broken, called about again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, update

from calls.events import CallEvent, CallEventKind
from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from dialer.debts.debt import Debt, DebtState
from dialer.debts.promise import PromiseState
from dialer.debts.reminders import ReminderKind
from dialer.lead import LeadState
from dialer.promised_leads import BROKEN_PRIORITY
from dialer.reasons import ReasonCode
from dialer.recycling import AttemptCaps, Recycling, RetryRules
from dialer.results import AttemptResult
from engine.clock import SystemClock
from engine.registers.contacts import ContactDraft
from engine.registers.debts import ReminderRow
from engine.registers.leads import NewLead
from history.interaction import ContactPoint, PointKind
from store.opening import open_campaigns, open_debts, open_queries
from store.tables import promises
from tests.hotline.campaign_house import FLOWS, OURS, CampaignHouse, campaign_house, number_of
from tests.house import take_ports
from tests.public.people import PublicCall
from tests.running import until
from tests.store.people import WE

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

# It is day in one of them, so the rules let somebody there be called whenever the test runs.
ZONES = (
    "Europe/Warsaw",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Dubai",
)
FLOW = Path(__file__).parents[2] / "callflows" / "collections.yaml"
DEBT = "01DEBT"
BUSY, ANSWERS = number_of(50), number_of(20)
# The first number is busy, and the next one is tried at once.
RETRY = RetryRules({AttemptResult.BUSY: Recycling(1, 5, True)}, AttemptCaps(6, 6, 6, 0))
SETTINGS = {
    "hours": {"office": {"mon-sun": "0:00-24:00"}},
    "queues": {"collections": {"agents": []}},
    "outbound": {
        "caller_id": OURS,
        "company": "Example",
        "lines": 20,
        "calls_per_second": 20,
        "flows": ["collections"],
    },
    "debts": {"reminders": {"texts": {"before": {"pl": "Rata {amount} {currency}: {due|date}."}}}},
}


async def test_a_promise_by_keys_is_kept_reminded_of_broken_and_called_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FLOWS, "collections", FLOW.read_text())
    with take_ports() as ports, take_ports() as public_ports:
        async with campaign_house(tmp_path, ports, public_ports, **SETTINGS) as house:
            contact_id = await _somebody_owes(house)
            answered = await _promises_in_three_parts(house)
            await _stands_with_its_reminders(house)
            await house.hotline.stop()
            _time_passes(house)
            await house.hotline.start()
            await _is_called_again(house)
            await _all_is_in_the_history(house, contact_id, answered)


def zone_by_day() -> str:
    now = SystemClock().now()
    return next(zone for zone in ZONES if 9 <= now.astimezone(ZoneInfo(zone)).hour < 18)


async def _somebody_owes(house: CampaignHouse) -> str:
    """On the list of a campaign that runs, with both numbers."""
    clock = SystemClock()
    now = clock.now()
    numbers = (BUSY, ANSWERS)
    async with open_debts(house.url, clock) as (debts, contacts):
        points = tuple(ContactPoint(PointKind.PHONE, number) for number in numbers)
        known = {"birth_date": "1980-03-22"}
        person = await contacts.create(
            WE,
            ContactDraft(
                points, {"name": "Anna", "language": "pl", "time_zone": zone_by_day()}, frozenset(), known
            ),
        )
        due = now.date() - timedelta(days=40)
        await debts.add(WE, Debt(DEBT, person.id, "F-2026-1700", 31_250, "PLN", due, now, "Example"))
    campaign = Campaign(
        "owed",
        "Owed",
        CampaignKind.COLLECTIONS,
        Mode.AGENTLESS,
        Purpose.COLLECTIONS,
        now,
        now,
        flow="collections",
        language="pl",
        lines=2,
        calls_per_second=5.0,
        ring_seconds=15,
        retry=RETRY,
    )
    listed = NewLead(1, tuple((number, "") for number in numbers), person.id, debt=DEBT)
    async with open_campaigns(house.url, clock) as (campaigns, leads, _):
        await campaigns.create(WE, campaign)
        added = await leads.add(WE, "owed", [listed])
        assert not added.left_out
        await campaigns.set_state(WE, "owed", CampaignMove.START)
    return person.id


async def _promises_in_three_parts(house: CampaignHouse) -> Attempt:
    first = SystemClock().now().astimezone(ZoneInfo(zone_by_day())).date() + timedelta(days=5)
    try:
        attempts = await house.until_attempts("owed", _answered, "somebody answers")
    except AssertionError:
        raise AssertionError(await house.leads("owed"), await house.attempts("owed")) from None
    (attempt,) = [one for one in attempts if one.number == ANSWERS]
    (call,) = house.public.called(ANSWERS)
    for step, keys in (
        ("hello", "1"),
        ("who", "22031980"),
        ("main", "2"),
        ("how_many", "3#"),
        ("when", f"{first:%d%m}#"),
    ):
        await _entered(house, attempt.id, step)
        await _press(house, call, keys, first=step == "hello")
    # The day is read back, and they agree.
    await _happened(house, attempt.id, CallEventKind.KEY_PRESSED, "the day is keyed", count=2, key="#")
    await _press(house, call, "1")
    (made,) = await _happened(house, attempt.id, CallEventKind.PROMISE_MADE, "the promise is made")
    assert made.data["debt"] == DEBT
    (checked,) = await _happened(house, attempt.id, CallEventKind.IDENTITY_CHECKED, "known")
    assert checked.data == {"by": "attribute", "passed": True}
    told = await _events(house, attempt.id)
    said_before = [str(one.data) for one in told if one.kind is CallEventKind.SAID and one.seq < checked.seq]
    assert not any("zapłaty" in text or "trzysta" in text for text in said_before), said_before
    await house.until_attempts("owed", lambda found: all(one.ended_at for one in found), "the call is over")
    return attempt


async def _press(house: CampaignHouse, call: PublicCall, keys: str, *, first: bool = False) -> None:
    if first:  # from then on they are silent
        await house.public.press(call, keys)
        return
    control = house.public._control
    assert control is not None
    await control.send_keys(call.channel_id, keys)


async def _stands_with_its_reminders(house: CampaignHouse) -> None:
    async def held() -> bool:
        return (await house.leads("owed"))[BUSY].reason.code is ReasonCode.PROMISE

    await until(held, "the lead waits for the money", 20, house.hotline.log)
    async with open_debts(house.url, SystemClock()) as (debts, _):
        assert (await debts.get(DEBT)).state is DebtState.PROMISED
        (promise,) = await debts.promises(DEBT)
        rows: Sequence[ReminderRow] = await debts.reminders(promise.id)
    assert [one.amount for one in promise.instalments] == [10_417, 10_417, 10_416]
    assert (promise.campaign, promise.state) == ("owed", PromiseState.OPEN)
    assert [(one.kind, one.instalment, one.to) for one in rows] == [
        (ReminderKind.BEFORE, part, ANSWERS) for part in (1, 2, 3)
    ]
    assert "104.17 PLN" in rows[0].text
    assert rows[0].at < rows[1].at


def _time_passes(house: CampaignHouse) -> None:
    """While no engine is there. The test's clock is that of the machine, so the promise is made older."""
    past = SystemClock().now().date() - timedelta(days=20)
    parts = [
        [amount, (past + timedelta(days=30 * part)).isoformat()]
        for part, amount in enumerate((10_417, 20_833))
    ]
    database = create_engine(house.url)
    with database.begin() as connection:
        old = {"instalments": parts, "counts_from": past, "check_at": SystemClock().now() - timedelta(days=1)}
        assert connection.execute(update(promises).values(**old)).rowcount == 1
    database.dispose()


async def _is_called_again(house: CampaignHouse) -> None:
    async def broken() -> bool:
        async with open_debts(house.url, SystemClock()) as (debts, _):
            (promise,) = await debts.promises(DEBT)
            return promise.state is PromiseState.BROKEN

    await until(broken, "the promise is broken", 40, house.hotline.log)
    async with open_debts(house.url, SystemClock()) as (debts, _):
        (promise,) = await debts.promises(DEBT)
        assert all(one.ended_at for one in await debts.reminders(promise.id)), "nobody is reminded any more"
        assert (await debts.get(DEBT)).state is DebtState.OPEN
    lead = (await house.leads("owed"))[BUSY]
    assert lead.priority == BROKEN_PRIORITY
    assert lead.state in (LeadState.WAITING, LeadState.RESERVED)
    # They were spoken with today: the gate has counted that, whatever number is next.
    seen = await house.until_leads(
        "owed", lambda found: found[BUSY].reason.code is ReasonCode.GATE, "the gate has been asked"
    )
    assert str(seen[BUSY].reason.data["rule"]).startswith("pl-debt")


async def _all_is_in_the_history(house: CampaignHouse, contact_id: str, answered: Attempt) -> None:
    async with open_queries(house.url) as queries:
        rows = await queries.history(contact_id=contact_id)
    kinds = [(row.interaction.channel.value, row.interaction.subject_id) for row in rows]
    attempts = await house.attempts("owed")
    assert {one.result for one in attempts} == {AttemptResult.BUSY, AttemptResult.ANSWERED}
    assert {("call", one.id) for one in attempts} <= set(kinds)
    assert ("promise", answered.id) in kinds


def _answered(attempts: list[Attempt]) -> bool:
    return any(one.number == ANSWERS and one.answered_at is not None for one in attempts)


async def _events(house: CampaignHouse, call_id: str) -> Sequence[CallEvent]:
    async with open_queries(house.url) as queries:
        return await queries.events(call_id)


async def _entered(house: CampaignHouse, call_id: str, step: str) -> None:
    await _happened(house, call_id, CallEventKind.STEP_ENTERED, f"step {step} is entered", step=step)


async def _happened(
    house: CampaignHouse, call_id: str, kind: CallEventKind, what: str, *, count: int = 1, **data: str
) -> list[CallEvent]:
    found: list[CallEvent] = []
    seen: list[CallEvent] = []

    async def so() -> bool:
        seen[:] = await _events(house, call_id)
        found[:] = [
            one for one in seen if one.kind is kind and all(one.data.get(k) == v for k, v in data.items())
        ]
        return len(found) >= count

    def so_far() -> str:
        return "\n".join(f"{one.kind.value} {dict(one.data)}" for one in seen[-30:])

    await until(so, what, 30, so_far)
    return found
