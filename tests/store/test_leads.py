"""Lists over a real database: nobody twice, reserved in order, kept at a version."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.campaign import CampaignMove
from dialer.choosing import chosen
from dialer.lead import Lead, LeadCallback, LeadState
from dialer.reasons import Reason, ReasonCode
from engine.ports import StoreUnavailable
from engine.registers.leads import LeadFilter, LeftOutCode
from engine.registers.refusals import Missing, Refused
from store.store import Store
from tests.conftest import HandClock
from tests.postgres import PostgresServer
from tests.store.campaign_samples import MINUTE, add, listed, reserve, running, whole
from tests.store.people import WE, noted, person, phone


async def test_people_are_added_once_and_the_rest_is_told(store: Store) -> None:
    await running(store)
    anna = await person(store, phone(1), name="Anna")
    jan = await person(store, phone(2), name="Jan")
    known = (phone(1).value, "")
    added = await store.leads.add(
        WE,
        "spring",
        [
            listed(1, numbers=(known, ("+48600000001", "mobile")), priority=3, fields={"city": "Radom"}),
            listed(2, contact_id=anna.id),
            listed(3, numbers=(known,)),
            listed(4, numbers=(known, (phone(2).value, ""))),
            listed(5, numbers=()),
            listed(6, contact_id="nobody"),
            listed(7),
            listed(8, numbers=(("+48600000007", ""),)),
            listed(9, contact_id=jan.id, numbers=(("+48600000009", ""), ("+48600000009", ""))),
        ],
    )
    assert set(added.ids) == {1, 7, 9}
    assert {one.place: one.code for one in added.left_out} == {
        2: LeftOutCode.SAME_PERSON,
        3: LeftOutCode.SAME_PERSON,
        4: LeftOutCode.TWO_PEOPLE,
        5: LeftOutCode.NO_NUMBER,
        6: LeftOutCode.NO_CONTACT,
        8: LeftOutCode.SAME_PERSON,
    }
    assert added.left_out_counts[LeftOutCode.SAME_PERSON] == 3
    (same,) = [one for one in added.left_out if one.place == 2]
    assert same.other == added.ids[1]
    assert added.ids[1] in same.sentence
    first = await store.leads.get(added.ids[1])
    assert (first.contact_id, first.priority, first.fields) == (anna.id, 3, {"city": "Radom"})
    assert [(one.e164, one.kind) for one in first.numbers] == [
        (phone(1).value, "fixed"),
        ("+48600000001", "mobile"),
    ]
    assert len((await store.leads.get(added.ids[9])).numbers) == 1
    made = await store.history.contacts.get((await store.leads.get(added.ids[7])).contact_id)
    assert (made.name, [point.value for point in made.points]) == ("Anna 7", ["+48600000007"])
    again = await store.leads.add(WE, "spring", [listed(7)])
    assert not again.ids
    assert ("campaign.leads_added", "campaign:spring") in await noted(store)


async def test_a_number_is_called_once_though_people_share_it(store: Store, clock: HandClock) -> None:
    """A number that has moved to another contact since is still on the list."""
    await running(store)
    first = (await add(store, listed(1)))[1]
    other = await person(store, name="Jan")
    point = phone(1)
    await store.history.contacts.add_point(WE, other.id, replace(point, value="+48600000001"), move=True)
    added = await store.leads.add(WE, "spring", [listed(2, numbers=(("+48600000001", ""),))])
    assert [(one.code, one.other) for one in added.left_out] == [(LeftOutCode.SAME_NUMBER, first)]
    assert await add(store, listed(1), to="spring") == {}


async def test_many_who_add_the_same_people_at_once_add_them_once(store: Store) -> None:
    await running(store)
    lists = [[listed(n) for n in random.Random(seed).sample(range(20), 15)] for seed in range(6)]
    added = await asyncio.gather(*(store.leads.add(WE, "spring", people) for people in lists))
    places = [place for one in added for place in one.ids]
    assert sorted(places) == sorted(set(places))
    counts = await store.leads.counts("spring")
    assert [(one.state, one.count) for one in counts] == [(LeadState.WAITING, len(places))]


async def test_nobody_is_added_to_a_finished_campaign(store: Store) -> None:
    await running(store)
    await store.campaigns.set_state(WE, "spring", CampaignMove.FINISH)
    with pytest.raises(Refused, match="reopen it first"):
        await add(store, listed(1))
    with pytest.raises(Missing):
        await add(store, listed(1), to="autumn")


async def test_a_segment_is_added(store: Store) -> None:
    await running(store)
    vips = [await person(store, phone(n), name=f"Anna {n}", tags=frozenset({"vip"})) for n in range(3)]
    await person(store, name="Jan", tags=frozenset({"vip"}))
    await person(store, phone(9), name="Jan")
    segment = await store.history.segments.create(WE, "vips", {"field": "tag", "is": "vip"})
    added = await store.leads.add_segment(WE, "spring", segment.id, priority=2)
    assert len(added.ids) == 3
    assert added.left_out_counts == {LeftOutCode.NO_NUMBER: 1}
    (lead,) = await store.leads.of_contact(vips[1].id)
    assert (lead.name, lead.priority, lead.numbers[0].e164) == ("Anna 1", 2, phone(1).value)
    assert not (await store.leads.add_segment(WE, "spring", segment.id)).ids


async def test_who_is_next_is_as_the_order_says(store: Store, clock: HandClock) -> None:
    await running(store)
    ids = await add(store, *(listed(n) for n in range(30)))
    chance = random.Random(7)
    now = clock.now()
    for lead_id in ids.values():
        lead = await store.leads.get(lead_id)
        callback = None
        if chance.random() < 0.2:
            callback = LeadCallback("01REQUEST", now, now, now + 60 * MINUTE)
        lead = replace(
            lead,
            priority=chance.randint(-1, 2),
            attempts=chance.randint(0, 1),
            not_before=chance.choice([None, now - chance.randint(1, 90) * MINUTE, now + MINUTE]),
            callback=callback,
        )
        assert await store.leads.keep([lead]) == []
    people = [await store.leads.get(one) for one in ids.values()]
    wanted = [lead.id for lead in chosen(people, now, 100)]
    assert 10 < len(wanted) < 30
    found = [lead.id for _ in range(12) for lead in await reserve(store, clock, 3)]
    assert found == wanted
    assert await reserve(store, clock) == []
    clock.pass_seconds(61)
    assert len(await reserve(store, clock, 30)) == 30 - len(wanted)


async def test_a_reservation_is_one_workers_until_it_ends(store: Store, clock: HandClock) -> None:
    await running(store)
    await add(store, listed(1), listed(2))
    first, second = await reserve(store, clock)
    assert (first.state, first.reserved_by, first.reserved_until) == (
        LeadState.RESERVED, "w1", clock.now() + 5 * MINUTE,
    )  # fmt: skip
    assert await store.leads.get(first.id) == first
    assert await reserve(store, clock, worker="w2") == []
    assert await store.leads.release("w2", [first.id]) == 0
    assert await store.leads.release("w1", [first.id, "nobody"]) == 1
    (again,) = await reserve(store, clock, worker="w2")
    assert (again.id, again.version) == (first.id, first.version + 2)
    clock.pass_seconds(301)
    assert {lead.id for lead in await reserve(store, clock, worker="w3")} == {first.id, second.id}
    assert await store.leads.keep([again]) == [first.id], "it is another one's by now"


async def test_nobody_is_reserved_of_a_campaign_that_does_not_run(store: Store, clock: HandClock) -> None:
    await running(store)
    await add(store, listed(1), listed(2))
    lease = await store.campaigns.lease("spring", "e1", 10)
    assert len(await reserve(store, clock, 1, lease=lease)) == 1
    clock.pass_seconds(11)
    newer = await store.campaigns.lease("spring", "e2", 10)
    assert await reserve(store, clock, lease=lease) == [], "another engine runs it"
    assert len(await reserve(store, clock, 1, lease=newer)) == 1
    clock.pass_seconds(400)
    await store.campaigns.set_state(WE, "spring", CampaignMove.PAUSE)
    assert await reserve(store, clock) == []
    await store.campaigns.set_state(WE, "spring", CampaignMove.RESUME)
    assert len(await reserve(store, clock)) == 2


async def test_a_personal_callback_waits_for_its_agent(store: Store, clock: HandClock) -> None:
    await running(store)
    ids = await add(store, listed(1), listed(2))
    now = clock.now()
    theirs = LeadCallback("01REQUEST", now, now, now + 60 * MINUTE, True, "anna", now + 30 * MINUTE)
    lead = await store.leads.get(ids[2])
    await store.leads.keep([replace(lead, callback=theirs)])
    assert [one.id for one in await reserve(store, clock)] == [ids[1]]
    (found,) = await reserve(store, clock, agents=["jan", "anna"])
    assert (found.id, found.callback) == (ids[2], theirs)
    await store.leads.release("w1", [ids[2]])
    clock.pass_seconds(29 * 60)
    assert ids[2] not in [one.id for one in await reserve(store, clock, agents=["jan"])]
    clock.pass_seconds(61)
    assert ids[2] in [one.id for one in await reserve(store, clock)]


async def test_engines_share_a_list_and_nobody_is_reserved_twice(
    url: str, make_store: Callable[..., Store], clock: HandClock
) -> None:
    stores = [make_store(url, f"spool{n}") for n in range(3)]
    for store in stores:
        await store.start()
    await running(stores[0])
    for first in range(0, 90, 30):
        await add(stores[0], *(listed(n, priority=n % 3) for n in range(first, first + 30)))

    async def work(n: int) -> list[str]:
        found: list[str] = []
        while taken := await reserve(stores[n % 3], clock, 4, worker=f"w{n}"):
            found += [lead.id for lead in taken]
            await asyncio.sleep(0)
        return found

    shares = await asyncio.gather(*(work(n) for n in range(6)))
    together = [one for share in shares for one in share]
    assert len(together) == len(set(together)) == 90


async def test_a_search_that_goes_on_passes_nobody_by(store: Store, clock: HandClock) -> None:
    """What is due again before the place where the last search ended is found at once."""
    await running(store)
    await add(store, *(listed(n) for n in range(1, 10)))
    first = await reserve(store, clock, 2)
    await reserve(store, clock, 2)
    await store.leads.release("w1", [first[1].id])
    assert [lead.id for lead in await reserve(store, clock, 1)] == [first[1].id]
    again = replace(first[0], state=LeadState.WAITING)
    assert await store.leads.keep([again]) == []
    assert [lead.id for lead in await reserve(store, clock, 1)] == [first[0].id]
    assert len(await reserve(store, clock, 9)) == 5


@pytest.mark.postgres
async def test_a_connection_that_broke_is_made_anew(
    postgres: PostgresServer, postgres_url: str, make_store: Callable[..., Store], clock: HandClock
) -> None:
    store = make_store(postgres_url)
    await store.start()
    await running(store)
    await add(store, listed(1), listed(2))
    assert len(await reserve(store, clock, 1)) == 1
    await asyncio.to_thread(
        postgres.sql,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%SKIP LOCKED%' "
        "AND pid <> pg_backend_pid()",
    )
    assert len(await reserve(store, clock, 1)) == 1
    postgres.kill()
    with pytest.raises(StoreUnavailable):
        await reserve(store, clock, 1)


async def test_a_lead_is_kept_whole(store: Store, clock: HandClock) -> None:
    await running(store)
    lead = await store.leads.get((await add(store, listed(1, debt="01DEBT", fields={"city": "Radom"})))[1])
    stays = {name: getattr(lead, name) for name in ("id", "contact_id", "added_at", "name", "time_zone")}
    after = replace(whole(clock.now()), **stays)
    assert await store.leads.keep([after]) == []
    assert await store.leads.get(lead.id) == replace(after, version=2)
    assert await store.leads.keep([after]) == [lead.id]
    assert await store.leads.next_due("spring") == clock.now() + timedelta(hours=4)
    assert [one.id for one in await store.leads.of_debt("01DEBT")] == [lead.id]
    await add(store, listed(2, priority=-1))
    assert (await store.leads.next_due("spring") or clock.now()) < clock.now()


async def test_leads_that_are_over_are_counted_by_their_last_disposition(
    store: Store, clock: HandClock
) -> None:
    await running(store)
    await add(store, *(listed(n) for n in range(1, 6)))
    said = ("sale", "sale", "not_interested", None)
    for lead, disposition in zip(await reserve(store, clock, 4), said, strict=True):
        over = replace(lead, state=LeadState.DONE, last_disposition=disposition, reserved_by=None)
        assert await store.leads.keep([replace(over, reserved_until=None)]) == []
    (left,) = await reserve(store, clock, 1)
    waiting = replace(left, state=LeadState.WAITING, last_disposition="sale", reserved_by=None)
    await store.leads.keep([replace(waiting, reserved_until=None)])
    assert await store.leads.closed("spring") == {"sale": 2, "not_interested": 1}


async def test_a_list_is_counted_and_looked_through(store: Store, clock: HandClock) -> None:
    await running(store)
    ids = await add(store, *(listed(n) for n in range(1, 8)), listed(30, name="Zażółć Łęcka"))
    await store.leads.stop(WE, ids[2], "asked for it")
    await reserve(store, clock, 2)
    counts = {(one.state, one.reason): one.count for one in await store.leads.counts("spring")}
    assert counts == {
        (LeadState.WAITING, ReasonCode.IN_TURN): 5,
        (LeadState.RESERVED, ReasonCode.RESERVED): 2,
        (LeadState.STOPPED, ReasonCode.REMOVED): 1,
    }
    first = await store.leads.page("spring", LeadFilter(), limit=5)
    rest = await store.leads.page("spring", LeadFilter(), limit=5, after=first.after)
    assert [lead.id for lead in (*first.items, *rest.items)] == list(ids.values())
    assert rest.after is None

    async def found(**wanted: object) -> list[str]:
        page = await store.leads.page("spring", LeadFilter(**wanted))  # type: ignore[arg-type]
        return [lead.id for lead in page.items]

    assert await found(states=[LeadState.STOPPED]) == [ids[2]]
    assert await found(reasons=[ReasonCode.RESERVED]) == [ids[1], ids[3]]
    assert len(await found(reasons=[ReasonCode.IN_TURN])) == 5
    assert await found(search="zazolc le") == [ids[30]]
    assert await found(search="+48 600 000 004") == [ids[4]]
    assert await found(search="Anna", states=[LeadState.STOPPED]) == [ids[2]]
    assert await found(search="nobody") == []
    with pytest.raises(Missing):
        await store.leads.page("autumn", LeadFilter())


async def test_people_stop_and_reopen_leads(store: Store, clock: HandClock) -> None:
    await running(store)
    lead_id = (await add(store, listed(1)))[1]
    stopped = await store.leads.stop(WE, lead_id, "asked by letter")
    assert stopped.reason == Reason(ReasonCode.REMOVED, {"who": "person:anna", "why": "asked by letter"})
    assert await reserve(store, clock) == []
    with pytest.raises(Refused):
        await store.leads.stop(WE, lead_id, "again")
    await store.leads.reopen(WE, lead_id, "a mistake")
    with pytest.raises(Refused, match="only one that is over"):
        await store.leads.reopen(WE, lead_id, "again")
    await store.leads.set_priority(WE, lead_id, 9)
    (lead,) = await reserve(store, clock)
    assert lead.priority == 9
    assert ("lead.stopped", f"lead:{lead_id}") in await noted(store)


async def test_why_has_the_lead_its_campaign_and_its_attempts(store: Store) -> None:
    await running(store)
    lead_id = (await add(store, listed(1)))[1]
    facts = await store.leads.facts(lead_id)
    assert isinstance(facts.lead, Lead)
    assert (facts.lead.id, facts.campaign.id, facts.attempts) == (lead_id, "spring", ())
    with pytest.raises(Missing):
        await store.leads.facts("nobody")
