"""Attempts through the ledger: written with the lead that they take, counted over a window, audited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.attempt import Verdict
from dialer.lead import LeadState
from dialer.reasons import IN_TURN, ReasonCode
from dialer.results import AttemptResult
from engine.changes import AttemptBegun, AttemptStored, Change, EventsAppended, LeadPlanned
from engine.ports import LedgerUnavailable
from engine.registers.campaigns import CampaignCounters
from engine.registers.leads import LeadFilter
from engine.registers.refusals import Missing, Refused
from store.spooled import Commit, commit_of, line_of
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, attempt, listed, reserve, running, whole
from tests.store.people import WE, noted, person
from tests.store.samples import call_events, until


async def test_an_attempt_takes_its_lead_in_the_transaction_of_the_call(
    store: Store, clock: HandClock
) -> None:
    await running(store)
    await add(store, listed(1))
    (lead,) = await reserve(store, clock)
    begun = attempt(lead, clock)
    changes: list[Change] = [EventsAppended(call_events("call1")[:1]), AttemptBegun(begun, lead.version)]
    await store.ledger.commit(changes, durable=True)
    await store.ledger.commit(changes, durable=True)  # the answer was lost
    dialled = await store.leads.get(lead.id)
    assert (dialled.state, dialled.reason.code, dialled.version) == (
        LeadState.DIALLING, ReasonCode.ON_THE_LINE, lead.version + 1,
    )  # fmt: skip
    assert await store.attempts.get("call1") == begun
    assert await store.attempts.open("n1") == [begun]
    assert await store.attempts.open("n2") == []
    later = clock.now() + timedelta(seconds=1)
    assert await store.attempts.forgotten("n2", later, ["spring", "summer"]) == [begun]
    assert await store.attempts.forgotten("n2", clock.now(), ["spring"]) == []
    assert await store.attempts.forgotten("n1", later, ["spring"]) == []
    # So that those of campaigns that nobody dials any more are in nobody's way.
    assert await store.attempts.forgotten("n2", later, ["summer"]) == []
    clock.pass_seconds(3600)
    assert await reserve(store, clock) == []
    with pytest.raises(Refused, match="call with this person"):
        await store.leads.stop(WE, lead.id, "no")


async def test_who_lost_the_lead_dials_nothing(store: Store, clock: HandClock) -> None:
    """The reservation ran out, and another engine has it; of commits that go together only this one fails."""
    await running(store)
    await add(store, listed(1), listed(2))
    late, other = await reserve(store, clock, worker="w1")
    clock.pass_seconds(301)
    again = {lead.id: lead for lead in await reserve(store, clock, worker="w2")}[late.id]
    results = await asyncio.gather(
        store.ledger.commit([AttemptBegun(attempt(late, clock, "late"), late.version)], durable=True),
        store.ledger.commit([AttemptBegun(attempt(again, clock, "new"), again.version)], durable=True),
        store.ledger.commit([EventsAppended(call_events("call3"))], durable=True),
        return_exceptions=True,
    )
    assert isinstance(results[0], LedgerUnavailable)
    assert "not reserved" in str(results[0])
    assert (results[1], results[2]) == (None, None)
    assert [one.id for one in await store.attempts.open("n1")] == ["new"]
    assert len(await store.queries.events("call3")) == 8
    assert (await store.leads.get(other.id)).state is LeadState.RESERVED


async def test_a_newer_state_of_an_attempt_wins_whatever_comes_first(store: Store, clock: HandClock) -> None:
    await running(store)
    await add(store, listed(1))
    (lead,) = await reserve(store, clock)
    begun = attempt(lead, clock)
    await store.ledger.commit([AttemptBegun(begun, lead.version)], durable=True)
    rang = replace(begun, dialled_at=clock.now(), ringing_at=clock.now(), trunk="carrier")
    over = replace(
        rang,
        answered_at=clock.now(),
        ended_at=clock.now(),
        result=AttemptResult.ANSWERED,
        agent="anna",
        conversation=True,
        disposition="sale",
    )
    done = replace(
        await store.leads.get(lead.id), state=LeadState.DONE, attempts=1, last_outcome=AttemptResult.ANSWERED
    )
    await store.ledger.commit([AttemptStored(over, 3), LeadPlanned(done)], durable=True)
    await store.ledger.commit([AttemptStored(rang, 1), LeadPlanned(replace(done, attempts=7))], durable=True)
    assert await store.attempts.get("call1") == over
    assert await store.leads.get(lead.id) == replace(done, version=done.version + 1)
    assert await store.attempts.open("n1") == []
    assert (await store.leads.facts(lead.id)).attempts == (over,)
    assert await store.attempts.of_lead(lead.id) == [over]


def test_what_is_spooled_is_read_again(clock: HandClock) -> None:
    lead = whole(clock.now())
    one = attempt(lead, clock, result=AttemptResult.BUSY)
    commit = Commit(clock.now(), (AttemptBegun(one, 3), AttemptStored(one, 2), LeadPlanned(lead)))
    assert commit_of(line_of(commit)) == commit


async def _made(store: Store, clock: HandClock, n: int, **fields: object) -> None:
    (lead,) = await reserve(store, clock, 1)
    begun = attempt(lead, clock, f"call{n}")
    over = replace(begun, ended_at=clock.now(), **fields)  # type: ignore[arg-type]
    changes: list[Change] = [AttemptBegun(begun, lead.version), AttemptStored(over, 1)]
    await store.ledger.commit(changes, durable=True)


async def test_counters_of_a_window_and_the_error_of_detection(store: Store, clock: HandClock) -> None:
    await running(store)
    await add(store, *(listed(n) for n in range(9)))
    await _made(store, clock, 0, result=AttemptResult.ABANDONED, abandoned=True)
    clock.pass_seconds(86_400)
    since = clock.now()
    await _made(store, clock, 1, result=AttemptResult.ABANDONED, abandoned=True, message_played=True)
    await _made(store, clock, 2, result=AttemptResult.ANSWERED, conversation=True)
    await _made(store, clock, 3, result=AttemptResult.NO_ANSWER)
    clock.pass_seconds(1)
    for n in (4, 5, 6):
        await _made(store, clock, n, result=AttemptResult.MACHINE, verdict=Verdict.MACHINE)
    assert await store.campaigns.counters("spring", since) == CampaignCounters(6, 2, 1, 3, 0, 0)
    assert [one.id for one in await store.attempts.to_audit("spring", since, limit=2)]
    assert (await store.attempts.audit(WE, "call4", Verdict.HUMAN)).audited is Verdict.HUMAN
    await store.attempts.audit(WE, "call5", Verdict.MACHINE)
    assert await store.campaigns.counters("spring", since) == CampaignCounters(6, 2, 1, 3, 2, 1)
    before = await store.campaigns.counters("spring", since - timedelta(days=30))
    assert (before.live, before.abandoned) == (3, 2)
    assert [one.id for one in await store.attempts.to_audit("spring", since)] == ["call6"]
    with pytest.raises(Refused, match="taken for a machine"):
        await store.attempts.audit(WE, "call2", Verdict.HUMAN)
    with pytest.raises(Missing):
        await store.attempts.audit(WE, "call77", Verdict.HUMAN)
    first = await store.attempts.page("spring", limit=4)
    rest = await store.attempts.page("spring", limit=4, after=first.after)
    assert len({one.id for one in (*first.items, *rest.items)}) == 7
    assert ("attempt.audited", "call:call4") in await noted(store)


async def test_leads_of_people_who_are_one_become_one(store: Store, clock: HandClock) -> None:
    await running(store)
    await running(store, "autumn")
    await add(store, listed(1), listed(2))
    await add(store, listed(3), to="autumn")
    first, second = await reserve(store, clock)
    await store.leads.release("w1", [first.id, second.id])
    third = (await store.leads.page("autumn", LeadFilter())).items[0]
    merges = store.history.merges
    one, _ = await merges.merge(WE, second.contact_id, first.contact_id, "the same")
    two, _ = await merges.merge(WE, second.contact_id, third.contact_id, "the same")
    theirs = {lead.id: lead for lead in await store.leads.of_contact(first.contact_id)}
    assert set(theirs) == {first.id, second.id, third.id}
    assert {lead.contact_id for lead in theirs.values()} == {second.contact_id}
    assert theirs[first.id].state is LeadState.WAITING, "the older one stands"
    assert theirs[second.id].reason.code is ReasonCode.MERGED
    with pytest.raises(Refused, match=first.id):
        await store.leads.reopen(WE, second.id, "why not")
    added = await store.leads.add(WE, "spring", [listed(9, contact_id=second.contact_id)])
    assert not added.ids
    assert [lead.id for lead in await reserve(store, clock)] == [first.id]
    await merges.unmerge(WE, two.id)
    await merges.unmerge(WE, one.id)
    parted = await store.leads.get(second.id)
    assert (parted.state, parted.reason, parted.contact_id) == (
        LeadState.WAITING, IN_TURN, second.contact_id,
    )  # fmt: skip
    assert (await store.leads.get(first.id)).contact_id == first.contact_id
    assert (await store.leads.get(third.id)).contact_id == third.contact_id


async def test_a_lead_that_was_called_as_it_became_another_ones_is_not_called_again(
    store: Store, clock: HandClock
) -> None:
    await running(store)
    jan = await person(store, name="Jan")
    await add(store, listed(1), listed(2), listed(3, contact_id=jan.id))
    leads = await reserve(store, clock)
    for n, lead in enumerate(leads[:2]):
        begun = AttemptBegun(attempt(lead, clock, f"call{n}"), lead.version)
        await store.ledger.commit([begun], durable=True)
    await store.history.merges.merge(WE, leads[0].contact_id, leads[1].contact_id, "the same")
    both = [await store.leads.get(lead.id) for lead in leads[:2]]
    assert {lead.state for lead in both} == {LeadState.DIALLING}
    again = [replace(lead, state=LeadState.WAITING, attempts=1) for lead in both]
    assert await store.leads.keep(again) == []
    kept = [await store.leads.get(lead.id) for lead in both]
    assert sorted(lead.state for lead in kept) == [LeadState.STOPPED, LeadState.WAITING]


async def test_what_the_ledger_could_not_write_is_written_later(
    url: str, make_store: Callable[..., Store], clock: HandClock
) -> None:
    store = make_store(url)
    await store.start()
    await running(store)
    await add(store, listed(1))
    (lead,) = await reserve(store, clock)
    begun = attempt(lead, clock)
    await store.ledger.commit([AttemptBegun(begun, lead.version)], durable=True)
    over = replace(begun, ended_at=clock.now(), result=AttemptResult.NO_ANSWER)
    planned = replace(await store.leads.get(lead.id), state=LeadState.WAITING, attempts=1)
    await store.ledger.commit([AttemptStored(over, 1), LeadPlanned(planned)])

    async def written() -> bool:
        return (await store.leads.get(lead.id)).attempts == 1

    await until(written)
    assert (await store.attempts.get("call1")).result is AttemptResult.NO_ANSWER
