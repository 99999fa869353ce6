"""Callback requests: one of a person and topic, whoever asks, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.changes import CallbackKept, InteractionAdded, ObjectionKept
from engine.registers.callbacks import CallbackFilter
from engine.registers.refusals import Changed, Missing, Refused
from history.callback_figures import figures
from history.callbacks import CallbackRequest, CallbackSource, CallbackState
from history.interaction import Channel, ContactPoint, Interaction
from history.permissions import Consent, Objection, Proof, Scope
from store.spooled import Commit, commit_of, line_of
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE, noted, person, phone, told

LEASE = timedelta(minutes=1)


def asked(clock: HandClock, id: str = "c1", n: int = 1, **fields: Any) -> CallbackRequest:
    source = fields.pop("source", CallbackSource.API)
    return CallbackRequest(id, phone(n), fields.pop("topic", "orders"), source, clock.at, **fields)


async def ledger_asked(store: Store, request: CallbackRequest) -> None:
    await store.ledger.commit([CallbackKept(request, f"new-{request.id}")], durable=True)


async def all_of(store: Store, **wanted: Any) -> list[CallbackRequest]:
    return list((await store.callbacks.list(CallbackFilter(**wanted))).items)


async def test_fifty_askings_at_once_are_one_request(store: Store, clock: HandClock) -> None:
    answers = await asyncio.gather(*(store.callbacks.request(WE, asked(clock, f"c{n}")) for n in range(50)))
    assert [answer.made for answer in answers].count(True) == 1
    (one,) = await all_of(store)
    assert (one.requests, one.version, one.state) == (50, 50, "open")
    assert len({answer.request.contact_id for answer in answers}) == 1
    kinds = [kind for kind, _ in await told(store)]
    assert kinds.count("callback.requested") == 1
    assert kinds.count("callback.changed") == 49
    assert kinds.count("contact.created") == 1


async def test_a_queue_a_form_and_a_missed_call_are_one_request(store: Store, clock: HandClock) -> None:
    joined = clock.at - timedelta(minutes=4)
    soon = clock.at + timedelta(hours=4)
    first = asked(
        clock, "q", source=CallbackSource.QUEUE, queue="orders", place_kept_at=joined, window_to=soon
    )
    await ledger_asked(store, first)
    clock.pass_seconds(600)
    begins = clock.at + timedelta(days=1)
    chosen = asked(
        clock,
        "f",
        source=CallbackSource.FORM,
        window_from=begins,
        window_to=begins + LEASE,
        person_chose=True,
    )
    answer = await store.callbacks.request(WE, chosen)
    assert not answer.made
    clock.pass_seconds(600)
    await ledger_asked(store, asked(clock, "m", source=CallbackSource.MISSED, window_to=clock.at + LEASE))
    (one,) = await all_of(store)
    assert one.id == "q"
    assert one.sources == ("queue", "form", "missed")
    assert one.requests == 3
    assert one.requested_at == first.requested_at
    assert (one.queue, one.place_kept_at) == ("orders", joined)
    assert (one.window_from, one.person_chose) == (begins, True), "what the person chose stands"


async def test_another_topic_or_person_is_another_request(store: Store, clock: HandClock) -> None:
    await ledger_asked(store, asked(clock, "a"))
    await ledger_asked(store, asked(clock, "b", topic="returns"))
    await ledger_asked(store, asked(clock, "c", n=2))
    assert [one.id for one in await all_of(store)] == ["c", "b", "a"]
    assert [one.id for one in await all_of(store, topic="returns")] == ["b"]
    (theirs,) = await all_of(store, topic="orders", contact_id=(await all_of(store))[0].contact_id)
    assert theirs.id == "c"
    assert await all_of(store, contact_id="nobody") == []
    page = await store.callbacks.list(CallbackFilter(), limit=2)
    rest = await store.callbacks.list(CallbackFilter(), limit=2, after=page.after)
    assert [one.id for one in (*page.items, *rest.items)] == ["c", "b", "a"]
    assert rest.after is None


async def test_the_same_asking_counts_once(store: Store, clock: HandClock) -> None:
    for _ in range(2):
        await ledger_asked(store, asked(clock, "c1"))
    first = await store.callbacks.request(WE, asked(clock, "x1"), ask_id="form-signature")
    again = await asyncio.gather(
        *(store.callbacks.request(WE, asked(clock, f"y{n}"), ask_id="form-signature") for n in range(5))
    )
    assert not first.repeated
    assert all(one.repeated for one in again)
    (one,) = await all_of(store)
    assert one.requests == 2
    await store.callbacks.cancel(WE, one.id, "done")
    assert (await store.callbacks.request(WE, asked(clock, "z"), ask_id="form-signature")).repeated
    await ledger_asked(store, asked(clock, "c1"))
    assert [one.state for one in await all_of(store)] == ["cancelled"]


async def test_merged_contacts_are_one_person(store: Store, clock: HandClock) -> None:
    anna, other = await person(store, phone(1)), await person(store, phone(2))
    await ledger_asked(store, asked(clock, "a"))
    await ledger_asked(store, asked(clock, "b", n=2, note="by the door"))
    await ledger_asked(store, asked(clock, "c", n=2, topic="returns"))
    merge, _ = await store.history.merges.merge(WE, anna.id, other.id, "same person")
    standing = await all_of(store, states=[CallbackState.OPEN], contact_id=other.id)
    assert [(one.id, one.contact_id, one.requests) for one in standing] == [
        ("c", anna.id, 1), ("a", anna.id, 2),
    ]  # fmt: skip
    assert standing[1].note == "by the door"
    assert (await store.callbacks.get("b")).ended_reason == "one with a"
    await ledger_asked(store, asked(clock, "d", n=2))
    assert (await store.callbacks.get("a")).requests == 3
    await store.history.merges.unmerge(WE, merge.id)
    assert (await store.callbacks.get("c")).contact_id == other.id
    assert (await store.callbacks.get("a")).contact_id == anna.id


async def test_requests_that_are_both_dialled_outlive_a_merge(store: Store, clock: HandClock) -> None:
    anna, other = await person(store, phone(1)), await person(store, phone(2))
    await ledger_asked(store, asked(clock, "a"))
    await ledger_asked(store, asked(clock, "b", n=2))
    assert len(await store.callbacks.reserve("w1", lease=LEASE, limit=2)) == 2
    await store.history.merges.merge(WE, anna.id, other.id, "same person")
    for name in ("a", "b"):
        assert (await store.callbacks.kept("w1", name, "they were reached")).state is CallbackState.KEPT


async def test_of_two_that_were_dialled_over_a_merge_one_stands(store: Store, clock: HandClock) -> None:
    anna, other = await person(store, phone(1)), await person(store, phone(2))
    await ledger_asked(store, asked(clock, "a"))
    await ledger_asked(store, asked(clock, "b", n=2))
    await store.callbacks.reserve("w1", lease=LEASE, limit=2)
    await store.history.merges.merge(WE, anna.id, other.id, "same person")
    await store.callbacks.put_back("w1", "a", clock.at)
    folded = await store.callbacks.put_back("w1", "b", clock.at)
    assert (folded.state, folded.ended_reason) == (CallbackState.CANCELLED, "one with a")
    (one,) = await all_of(store, states=[CallbackState.OPEN], contact_id=anna.id)
    assert (one.id, one.requests, one.point) == ("a", 2, phone(1))


async def test_of_two_that_were_dialled_over_a_merge_the_last_is_the_survivors(
    store: Store, clock: HandClock
) -> None:
    anna, other = await person(store, phone(1)), await person(store, phone(2))
    await ledger_asked(store, asked(clock, "a"))
    await ledger_asked(store, asked(clock, "b", n=2))
    await store.callbacks.reserve("w1", lease=LEASE, limit=2)
    await store.history.merges.merge(WE, anna.id, other.id, "same person")
    await store.callbacks.kept("w1", "a", "they were reached")
    await store.callbacks.put_back("w1", "b", clock.at)
    assert [one.id for one in await all_of(store, states=[CallbackState.OPEN], contact_id=anna.id)] == ["b"]
    assert not (await store.callbacks.request(WE, asked(clock, "c"))).made, "another asking is the same one"


async def test_a_change_names_the_version_that_it_changes(store: Store, clock: HandClock) -> None:
    one = (await store.callbacks.request(WE, asked(clock))).request
    changed = await store.callbacks.change(WE, replace(one, note="in Russian", window_to=clock.at + LEASE))
    assert (changed.version, changed.note) == (2, "in Russian")
    with pytest.raises(Changed) as stale:
        await store.callbacks.change(WE, one)
    assert stale.value.version == 2
    with pytest.raises(Missing):
        await store.callbacks.change(WE, replace(one, id="none"))
    ended = await store.callbacks.cancel(WE, one.id, "wrong number")
    assert (ended.state, ended.ended_reason, ended.ended_at) == ("cancelled", "wrong number", clock.at)
    with pytest.raises(Refused):
        await store.callbacks.cancel(WE, one.id, "again")
    with pytest.raises(Refused):
        await store.callbacks.change(WE, ended)
    assert [action for action, _ in await noted(store)] == [
        "callback.requested", "callback.changed", "callback.cancelled",
    ]  # fmt: skip


async def test_whoever_waited_longest_is_due_first_and_for_one_worker(store: Store, clock: HandClock) -> None:
    now = clock.at
    for n in range(12):
        place = now - timedelta(minutes=n)
        await ledger_asked(store, asked(clock, f"c{n:02}", n=n, place_kept_at=place))
    later = asked(clock, "later", n=20, window_from=now + timedelta(hours=1))
    over = asked(clock, "over", n=21, window_to=now)
    for one in (later, over):
        await ledger_asked(store, one)
    found = await asyncio.gather(*(store.callbacks.reserve(f"w{n}", lease=LEASE, limit=3) for n in range(6)))
    ids = [one.id for taken in found for one in taken]
    assert sorted(ids) == [f"c{n:02}" for n in range(12)], "each once"
    assert await store.callbacks.reserve("w9", lease=LEASE) == []
    taken = {one.id: f"w{n}" for n, some in enumerate(found) for one in some}
    kept = await store.callbacks.kept(taken["c00"], "c00", "spoke to them")
    assert (kept.state, kept.attempts, kept.ended_reason) == ("kept", 1, "spoke to them")
    with pytest.raises(Changed):
        await store.callbacks.kept("w9", "c01", "not mine")
    back = await store.callbacks.put_back(taken["c01"], "c01", now + timedelta(minutes=30))
    assert back.state == "open"
    clock.pass_seconds(61)
    again = await store.callbacks.reserve("w9", lease=LEASE, limit=20)
    assert [one.id for one in again] == [f"c{n:02}" for n in range(11, 1, -1)], "the leases have ended"
    with pytest.raises(Changed):
        await store.callbacks.kept(taken["c02"], "c02", "too late")
    await ledger_asked(store, asked(clock, "again", n=2))
    assert (await store.callbacks.get("c02")).state == "dialling", "asked again while it is dialled"


async def test_a_window_that_passed_is_broken(store: Store, clock: HandClock) -> None:
    end = clock.at + timedelta(hours=1)
    for n, name in enumerate(("waits", "dialled", "lost")):
        await ledger_asked(store, asked(clock, name, n=n, window_to=end))
    await ledger_asked(store, asked(clock, "endless", n=8))
    assert await store.callbacks.mark_broken() == 0
    taken = await store.callbacks.reserve("w", lease=timedelta(hours=2), limit=3)
    assert [one.id for one in taken] == ["dialled", "endless", "lost"]
    clock.pass_seconds(3600)
    assert await store.callbacks.mark_broken() == 1, "one is being dialled still"
    assert (await store.callbacks.get("waits")).ended_reason == "its window passed"
    back = await store.callbacks.put_back("w", "dialled", clock.at + LEASE)
    assert back.state == "broken"
    assert dict(await store.callbacks.counts()) == {
        "open": 0, "dialling": 2, "kept": 0, "broken": 2, "cancelled": 0,
    }  # fmt: skip
    clock.pass_seconds(7200)
    assert await store.callbacks.mark_broken() == 1, "whoever dialled it is gone"
    assert (await store.callbacks.get("endless")).state == "dialling"


def call(id: str, at: datetime, point: ContactPoint, **fields: Any) -> InteractionAdded:
    row = Interaction(id, at, Channel.CALL, "inbound", f"call-{id}", point, **fields)
    return InteractionAdded(row, f"new-{id}")


async def test_a_missed_call_is_made_good_by_a_later_talk(store: Store, clock: HandClock) -> None:
    for n in (1, 2):
        await ledger_asked(store, asked(clock, f"m{n}", n=n, source=CallbackSource.MISSED))
    await ledger_asked(store, asked(clock, "said", n=1, topic="returns", source=CallbackSource.FLOW))
    before = call("before", clock.at - LEASE, phone(1), agent="anna", duration_seconds=30.0)
    menu_only = call("menu", clock.at + LEASE, phone(1), outcome="completed", duration_seconds=30.0)
    await store.ledger.commit([before, menu_only], durable=True)
    assert (await store.callbacks.get("m1")).state == "open"
    clock.pass_seconds(600)
    talk = call("talk", clock.at, phone(1), agent="anna", duration_seconds=30.0)
    await store.ledger.commit([talk], durable=True)
    kept = await store.callbacks.get("m1")
    assert (kept.state, kept.ended_reason) == ("kept", "they called themselves")
    assert (await store.callbacks.get("m2")).state == "open", "somebody else's"
    assert (await store.callbacks.get("said")).state == "open", "what they asked for stays asked for"


async def test_a_missed_call_and_the_talk_behind_it_may_be_written_together(
    store: Store, clock: HandClock
) -> None:
    missed = asked(clock, "m", source=CallbackSource.MISSED)
    talk = call("talk", clock.at + LEASE, phone(1), agent="anna", duration_seconds=30.0)
    await store.ledger.commit([CallbackKept(missed, "new"), talk], durable=True)
    assert await all_of(store) == []


@pytest.mark.parametrize("why", ["served", "objected"])
async def test_a_missed_call_that_deserves_none(store: Store, clock: HandClock, why: str) -> None:
    missed = asked(clock, "m", source=CallbackSource.MISSED)
    clock.pass_seconds(60)
    if why == "served":
        talk = call("talk", clock.at, phone(1), outcome="transferred", duration_seconds=30.0)
        await store.ledger.commit([talk], durable=True)
    else:
        stop = Objection("o", clock.at, Scope.NUMBER, phone(1).value, "asked", "test")
        await store.ledger.commit([ObjectionKept(stop)], durable=True)
    await ledger_asked(store, missed)
    assert await all_of(store) == []
    await ledger_asked(store, asked(clock, "other", n=2, source=CallbackSource.MISSED))
    assert [one.id for one in await all_of(store)] == ["other"]


async def test_the_words_of_a_form_are_kept_as_proof(store: Store, clock: HandClock) -> None:
    consent = Consent(
        "k", clock.at, "call", "service", True, "form contact", point=phone(1), proof=Proof(text="Call me.")
    )
    done = await store.callbacks.request(WE, asked(clock), consent=consent)
    (kept,) = await store.permissions.consents_of(str(done.request.contact_id))
    assert kept.proof.text == "Call me."
    assert [kind for kind, _ in await told(store)] == [
        "contact.created", "consent.given", "callback.requested",
    ]  # fmt: skip


def test_it_can_wait_in_the_spool(clock: HandClock) -> None:
    request = asked(clock, "c1", sources=(CallbackSource.FLOW,), place_kept_at=clock.at)
    commit = Commit(clock.at, (CallbackKept(request, "new"),))
    assert commit_of(line_of(commit)) == commit


async def test_one_whom_a_campaign_has_reached_is_kept(store: Store, clock: HandClock) -> None:
    await store.callbacks.request(WE, asked(clock))
    await store.callbacks.reached("c1", "campaign spring")
    (one,) = await all_of(store)
    assert (one.state, one.ended_reason) == (CallbackState.KEPT, "campaign spring")
    await store.callbacks.reached("c1", "campaign autumn")  # it stands no more
    assert (await store.callbacks.get("c1")).ended_reason == "campaign spring"
    with pytest.raises(Missing):
        await store.callbacks.reached("c9", "campaign spring")


async def test_whoever_claims_one_dials_it_alone(store: Store, clock: HandClock) -> None:
    await store.callbacks.request(WE, asked(clock))
    mine = await store.callbacks.claim("campaign:a", "c1", LEASE)
    assert mine is not None
    assert (mine.state, mine.attempts) == (CallbackState.DIALLING, 1)
    assert await store.callbacks.claim("campaign:b", "c1", LEASE) is None
    assert await store.callbacks.claim("campaign:a", "c1", LEASE) is not None, "an engine that came back"
    clock.pass_seconds(61)
    assert await store.callbacks.claim("campaign:b", "c1", LEASE) is not None, "the lease has ended"
    await store.callbacks.give_up("c1", "its number does not exist")
    assert await store.callbacks.claim("campaign:b", "c1", LEASE) is None
    (one,) = await all_of(store)
    assert (one.state, one.ended_reason) == (CallbackState.BROKEN, "its number does not exist")
    with pytest.raises(Missing):
        await store.callbacks.claim("campaign:b", "c9", LEASE)


async def test_what_stands_is_told_apart(store: Store, clock: HandClock) -> None:
    seen = [await store.callbacks.standing()]
    await store.callbacks.request(WE, asked(clock, "c1"))
    seen.append(await store.callbacks.standing())
    await store.callbacks.request(WE, asked(clock, "c2"))  # renewed
    seen.append(await store.callbacks.standing())
    await store.callbacks.cancel(WE, "c1", "no longer")
    await store.callbacks.request(WE, asked(clock, "c3"))
    seen.append(await store.callbacks.standing())
    assert len(set(seen)) == 4
    assert await store.callbacks.standing() == seen[-1]


async def test_who_kept_and_who_broke_them_is_counted(store: Store, clock: HandClock) -> None:
    begun = clock.at
    for n in range(1, 5):
        await store.callbacks.request(WE, asked(clock, f"c{n}", n=n, agent="jan" if n == 3 else None))
    await store.callbacks.reached("c1", "campaign spring", "anna")
    await store.callbacks.give_up("c2", "too often")
    await store.callbacks.give_up("c3", "its window passed")
    await store.callbacks.give_up("c4", "they want no calls", unwanted=True)
    ends = await store.callbacks.ends(begun, clock.at + LEASE)
    found = {(one.agent, one.kept, one.broken, one.cancelled) for one in figures(ends, UTC)}
    assert found == {("anna", 1, 0, 0), ("jan", 0, 1, 0), (None, 0, 1, 1)}
    assert await store.callbacks.ends(clock.at + LEASE, clock.at + 2 * LEASE) == []


async def test_agents_see_theirs_and_their_teams(store: Store, clock: HandClock) -> None:
    await store.callbacks.request(WE, asked(clock, "hers", n=1, agent="anna"))
    await store.callbacks.request(WE, asked(clock, "his", n=2, agent="jan", queue="sales"))
    await store.callbacks.request(WE, asked(clock, "team", n=3, queue="sales"))
    await store.callbacks.request(WE, asked(clock, "topic", n=4, topic="sales"))
    await store.callbacks.request(WE, asked(clock, "other", n=5, queue="returns"))
    seen = await all_of(store, seen_by=("anna", ["sales"]))
    assert {one.id for one in seen} == {"hers", "team", "topic"}
    assert [one.id for one in await all_of(store, agent="jan")] == ["his"]
    assert {one.id for one in await all_of(store, team=True, queue="sales")} == {"team"}


async def test_a_call_by_hand_keeps_what_was_asked_for(store: Store, clock: HandClock) -> None:
    await store.callbacks.request(WE, asked(clock, "c1"))
    clock.pass_seconds(60)

    async def called(name: str, **fields: Any) -> None:
        at = clock.at
        call = Interaction(name, at, Channel.CALL, "outbound", name, phone(1), duration_seconds=30, **fields)
        await store.ledger.commit([InteractionAdded(call, f"new-{name}")], durable=True)

    await called("m0")
    await called("m1", agent="anna", campaign="spring")
    assert (await store.callbacks.get("c1")).state is CallbackState.OPEN
    await called("m2", agent="anna")
    one = await store.callbacks.get("c1")
    assert (one.state, one.ended_by) == (CallbackState.KEPT, "anna")


async def test_who_asked_in_the_call_that_was_missed_has_one_request(store: Store, clock: HandClock) -> None:
    await ledger_asked(store, asked(clock, "q", source=CallbackSource.QUEUE, call_id="k1"))
    await ledger_asked(store, asked(clock, "m", source=CallbackSource.MISSED, topic="missed", call_id="k1"))
    assert [one.id for one in await all_of(store)] == ["q"]
    await ledger_asked(store, asked(clock, "m2", source=CallbackSource.MISSED, topic="missed", call_id="k2"))
    assert {one.id for one in await all_of(store)} == {"q", "m2"}
