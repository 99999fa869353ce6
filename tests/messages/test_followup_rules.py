"""Rules on events: each happening is answered once, whoever dies in between; on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from compliance.facts import Channel
from engine.changes import CallbackKept, CallStored, EventsAppended, JobAdded, Published
from engine.clock import TimeOrderedIds
from engine.followup.composing import LinkMaking
from engine.followup.rules import FollowupRules
from engine.outbox_jobs import checked_job
from engine.registers.messages import Message, MessageDirection, MessageFilter, Move
from history.call_news import call_published
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from history.publication import Kind, Publication
from messaging.followups import Event, Rule
from messaging.opting import OptingWords
from messaging.provider import Incoming
from messaging.states import MessageState
from messaging.template_reading import load_template
from messaging.templates import MessageTemplate
from messaging.word_answers import ANSWERED, usual_name, usual_template, word_rule
from store.database import create_engine, database_url
from store.store import Store
from tests.conftest import HandClock

K = CallEventKind
ANNA = ContactPoint(PointKind.PHONE, "+48220000001")
TEMPLATES = {
    "sorry": "{template: sorry, purpose: service, languages: [en], takes: [queue], "
    "text: 'We call, {queue}.'}",
    "page": "{template: page, purpose: service, languages: [en], link: 'https://shop.example/a', "
    "text: 'See {link}'}",
    "grade": "{template: grade, purpose: service, languages: [en, pl], "
    "text: {en: 'Grade? 1-5', pl: 'Ocena?'}}",
    "hours": "{template: hours, purpose: service, languages: [en], text: 'From 8 to 16.'}",
}


def templates() -> dict[str, MessageTemplate]:
    return {name: load_template(text, f"{name}.yaml", named=name) for name, text in TEMPLATES.items()}


MISSED = Rule("missed", Event.CALL_MISSED, "sorry", queues=frozenset({"sales"}))
GRADE = Rule("rate:sales", Event.CALL_ENDED, "grade", rate_within=timedelta(hours=24))


def worker(
    store: Store, clock: HandClock, *rules: Rule, known: Mapping[str, MessageTemplate] | None = None
) -> FollowupRules:
    count = iter(range(1, 1000))
    return FollowupRules(
        rules,
        known or templates(),
        told=store.publications,
        register=store.followups,
        people=store.history.contacts,
        clock=clock,
        ids=TimeOrderedIds(clock),
        zone=ZoneInfo("Europe/Warsaw"),
        region="PL",
        links=LinkMaking("https://calls.example", lambda: next(count).to_bytes(8)),
    )


async def ended(store: Store, clock: HandClock, call_id: str, *told: tuple[K, dict[str, object]]) -> None:
    """A call of Anna's that has ended so."""
    first = (K.RECEIVED, {"caller": ANNA.value, "dialled": "100", "network_id": call_id, "node": "n1"})
    last = (K.ENDED, {"by": "caller", "cause": 16, "outcome": "abandoned"})
    whole = [first, (K.ANSWERED, {}), *told, last]
    events = tuple(
        CallEvent(call_id, seq, clock.now(), kind, data) for seq, (kind, data) in enumerate(whole, 1)
    )
    call = fold(events)
    news = Published(call_published(call, K.ENDED, clock.now()))
    await store.ledger.commit([EventsAppended(events), CallStored(call), news], durable=True)


GAVE_UP = (
    (K.QUEUED, {"queue": "sales", "position": 1}),
    (K.QUEUE_LEFT, {"queue": "sales", "outcome": "abandoned", "waited_seconds": 40.0}),
)
TALKED = (
    (K.QUEUED, {"queue": "sales", "position": 1}),
    (K.AGENT_CONNECTED, {"queue": "sales", "agent": "jan", "waited_seconds": 3.0}),
    (K.QUEUE_LEFT, {"queue": "sales", "outcome": "next", "waited_seconds": 3.0, "talked_seconds": 60.0}),
)


async def sent(store: Store) -> Sequence[Message]:
    page = await store.messages.list(MessageFilter(direction=MessageDirection.OUTBOUND))
    return tuple(reversed(page.items))


async def test_a_missed_call_is_answered_once(store: Store, clock: HandClock) -> None:
    one, other = worker(store, clock, MISSED), worker(store, clock, MISSED)
    await ended(store, clock, "before", *GAVE_UP)
    await one.look()
    assert await sent(store) == ()  # it was told before there was a rule
    await ended(store, clock, "c2", *TALKED)
    await ended(store, clock, "c1", *GAVE_UP)
    for each in (one, other, one):
        await each.look()
    (message,) = await sent(store)
    assert (message.text, message.call_id, message.point) == ("We call, sales.", "c1", ANNA)
    assert message.channel is Channel.SMS
    assert message.expires_at == clock.now() + timedelta(hours=24)


async def test_two_engines_read_each_publication_once(store: Store, clock: HandClock) -> None:
    one, other = worker(store, clock, MISSED), worker(store, clock, MISSED)
    await one.look()
    await ended(store, clock, "c1", *GAVE_UP)
    was = await store.followups.read_up_to("followups")
    await one.look()
    assert await store.followups.keep("followups", was, (was or 0) + 1, ()) is None
    await other.look()
    assert len(await sent(store)) == 1


async def test_one_person_is_answered_once_in_so_long(store: Store, clock: HandClock) -> None:
    rules = worker(store, clock, replace(MISSED, once_per=timedelta(hours=2), after=timedelta(minutes=1)))
    await rules.look()
    for n in range(3):
        await ended(store, clock, f"c{n}", *GAVE_UP)
    await rules.look()
    clock.pass_seconds(3600)
    await ended(store, clock, "c3", *GAVE_UP)
    await rules.look()
    assert [one.call_id for one in await sent(store)] == ["c0"]
    clock.pass_seconds(3601)
    await ended(store, clock, "c4", *GAVE_UP)
    await rules.look()
    found = await sent(store)
    assert [one.call_id for one in found] == ["c0", "c4"]
    assert found[1].not_before == clock.now() + timedelta(minutes=1)


async def test_who_was_served_meanwhile_is_told_nothing_of_the_call_before(
    store: Store, clock: HandClock
) -> None:
    rules = worker(store, clock, replace(MISSED, after=timedelta(minutes=1)))
    await rules.look()
    for n, way in enumerate((GAVE_UP, TALKED, GAVE_UP)):
        await ended(store, clock, f"c{n}", *way)
        clock.pass_seconds(1)
    await rules.look()
    (queued,) = await sent(store)
    assert queued.call_id == "c2", "the one before was served in the same look"
    await ended(store, clock, "c3", *TALKED)
    await rules.look()
    stopped = await store.messages.get(queued.id)
    assert (stopped.state, stopped.code) == (MessageState.STOPPED, "served")
    clock.pass_seconds(1)
    await ended(store, clock, "c4", *GAVE_UP)
    await rules.look()
    assert [one.state for one in await sent(store)] == [MessageState.STOPPED, MessageState.QUEUED]


async def test_what_was_told_long_ago_is_past(store: Store, clock: HandClock) -> None:
    rules = worker(store, clock, MISSED)
    await rules.look()
    await ended(store, clock, "c1", *GAVE_UP)
    clock.pass_seconds(24 * 3600 + 1)
    await rules.look()
    assert await sent(store) == ()


async def test_a_callback_is_confirmed(store: Store, clock: HandClock) -> None:
    rules = worker(
        store, clock, Rule("asked", Event.CALLBACK_REQUESTED, "hours", topics=frozenset({"sales"}))
    )
    await rules.look()
    for topic in ("sales", "other"):
        asked = CallbackRequest(f"cb-{topic}", ANNA, topic, CallbackSource.FLOW, clock.now())
        await store.ledger.commit([CallbackKept(asked, f"new-{topic}")], durable=True)
    await rules.look()
    (message,) = await sent(store)
    assert (message.text, message.template, message.point) == ("From 8 to 16.", "hours", ANNA)


def incoming(text: str, n: int, clock: HandClock, **more: object) -> Incoming:
    told = Incoming("one", Channel.SMS, ANNA.value, "+48220000099", text, clock.now(), f"in-{n}")
    return replace(told, **more)  # type: ignore[arg-type]


async def test_words_are_answered_but_not_for_ever(store: Store, clock: HandClock) -> None:
    rule = Rule("hours", Event.MESSAGE_RECEIVED, "hours", words=("godziny", "hours"))
    rules, queue = worker(store, clock, rule), store.message_queue("w1")
    await rules.look()
    for n, said in enumerate(("what hours?", "Godziny!", "HOURS", "hours", "hours", "hours")):
        await queue.take(incoming(said, n, clock), opted_out=False)
    await queue.take(incoming("hours", 7, clock, from_="71234"), opted_out=False)
    await queue.take(incoming("hours", 8, clock, data={"automatic": True}), opted_out=False)
    await rules.look()
    found = await sent(store)
    assert len(found) == 3
    assert found[0].in_reply_to is not None
    assert found[0].requested_until == clock.now() + timedelta(minutes=15)


async def test_help_and_start_are_answered_and_what_a_machine_wrote_is_not(
    store: Store, clock: HandClock
) -> None:
    answers = {usual_name(wish): usual_template(wish, "Shop & {Sons}") for wish in ANSWERED}
    answering = [word_rule(wish, usual_name(wish), OptingWords()) for wish in ANSWERED]
    rules = worker(store, clock, *answering, known=answers)
    queue = store.message_queue("w1")
    await rules.look()
    await queue.take(incoming("START", 1, clock), opted_out=False, opted_in=True)  # nothing is taken back
    for n, said in enumerate(("Pomoc!", "?", "help me with my order"), 2):
        await queue.take(incoming(said, n, clock), opted_out=False)
    await queue.take(incoming("help", 7, clock, from_="71234"), opted_out=False)
    await queue.take(
        incoming("help", 8, clock, from_="+48220000002", data={"automatic": True}), opted_out=False
    )
    await queue.take(incoming("stop", 9, clock), opted_out=True)
    await rules.look()
    (answer,) = await sent(store)
    assert answer.text == "Shop & {Sons}. Aby nie dostawać więcej wiadomości, odpisz STOP."
    clock.pass_seconds(1)
    await queue.take(incoming("Start", 10, clock), opted_out=False, opted_in=True)
    await rules.look()
    assert [one.text for one in await sent(store)][1:] == [
        "Shop & {Sons}: you get our messages again. To end them, answer STOP."
    ]
    clock.pass_seconds(3601)
    await queue.take(incoming("help", 11, clock), opted_out=False)
    await rules.look()
    assert len(await sent(store)) == 3


async def went_out(store: Store, clock: HandClock, *ids: str) -> None:
    queue = store.message_queue("w1")
    await queue.claim(Channel.SMS, limit=10, lease_seconds=30)
    for state in (MessageState.SENDING, MessageState.ACCEPTED):
        await queue.move([Move(one, state, clock.now(), provider="one") for one in ids])


async def asked_for_a_grade(store: Store, clock: HandClock) -> str:
    """The question went out; its id."""
    rules = worker(store, clock, GRADE)
    await rules.look()
    await ended(store, clock, "c0", *GAVE_UP)
    await ended(store, clock, "c1", *TALKED)
    await rules.look()
    (question,) = await sent(store)
    assert question.call_id == "c1"
    await went_out(store, clock, question.id)
    return question.id


async def grades(store: Store, clock: HandClock) -> list[tuple[str, str, int, int]]:
    counted = await store.ratings.since(clock.now() - timedelta(days=3))
    return [(one.queue, one.agent, one.rated, one.total) for one in counted]


async def test_an_answer_in_time_is_the_calls_grade_once(store: Store, clock: HandClock) -> None:
    question = await asked_for_a_grade(store, clock)
    queue = store.message_queue("w1")
    clock.pass_seconds(3600)
    said = await queue.take(incoming("thanks, 5 of you", 1, clock), opted_out=False)
    assert said is not None
    assert said.code == ""
    graded = await queue.take(incoming(" Pięć! ", 2, clock), opted_out=False)
    assert graded is not None
    assert (graded.code, graded.in_reply_to) == ("rating", question)
    again = await queue.take(incoming("1", 3, clock), opted_out=False)
    assert again is not None
    assert again.code == ""
    assert await grades(store, clock) == [("sales", "jan", 1, 5)]


@pytest.mark.parametrize(("late_seconds", "text"), [(24 * 3600 + 1, "5"), (60, "6")])
async def test_other_answers_are_ordinary_messages(
    store: Store, clock: HandClock, late_seconds: float, text: str
) -> None:
    await asked_for_a_grade(store, clock)
    clock.pass_seconds(late_seconds)
    said = await store.message_queue("w1").take(incoming(text, 1, clock), opted_out=False)
    assert said is not None
    assert said.code == ""
    assert await grades(store, clock) == []


async def test_a_short_link_leads_on_and_proves_once(store: Store, clock: HandClock) -> None:
    rules = worker(store, clock, Rule("page", Event.CALL_MISSED, "page"))
    await rules.look()
    await ended(store, clock, "c1", *GAVE_UP)
    await rules.look()
    (message,) = await sent(store)
    assert message.text == "See https://calls.example/s/00000000001"
    await went_out(store, clock, message.id)

    async def followed(link: str = "00000000001", *, person: bool = True) -> str | None:
        found = await store.short_links.follow(link, clock.now(), by_a_person=person)
        return None if found is None else found.target or "over"

    assert await followed(person=False) == "https://shop.example/a"
    assert (await store.messages.get(message.id)).state is MessageState.ACCEPTED
    assert await followed("00000000002") is None
    assert await followed("../../etc") is None
    assert await followed() == await followed() == "https://shop.example/a"
    checked = await store.messages.get(message.id)
    assert (checked.state, checked.checked_at) == (MessageState.CHECKED, clock.now())
    assert len(await store.messages.events(message.id)) == 4
    clock.pass_seconds(31 * 86_400)
    assert await followed() == "over"
    clock.pass_seconds(41 * 86_400)
    await store.followups.tidy()
    assert await store.followups.read_up_to("followups") is not None


async def test_an_event_that_cannot_be_read_holds_none_up(store: Store, clock: HandClock) -> None:
    rules = worker(store, clock, MISSED)
    await rules.look()
    broken = Publication("p1", clock.now(), Kind.CALL_ENDED, "call:x", {"direction": "inbound"})
    await store.ledger.commit([Published(broken)], durable=True)
    await ended(store, clock, "c1", *GAVE_UP)
    await rules.look()
    assert len(await sent(store)) == 1


async def test_what_is_told_twice_at_once_is_answered_once(store: Store, clock: HandClock) -> None:
    """An agent has had the call twice, and wrapped both up as a sale."""
    rules = worker(store, clock, Rule("sold", Event.CALL_ENDED, "hours", dispositions=frozenset({"sale"})))
    await rules.look()
    talk = {"channel": "talk", "disposition": "sale", "subject_id": "c1", "agent": "jan"}
    whom = {"point": {"kind": "phone", "value": ANNA.value}, "duration_seconds": 60.0}
    for n in (1, 2):
        told = Publication(f"p{n}", clock.now(), Kind.INTERACTION_ADDED, "interaction:t", {**talk, **whom})
        await store.ledger.commit([Published(told)], durable=True)
    await rules.look()
    assert len(await sent(store)) == 1


async def test_a_code_of_a_flow_is_kept_no_longer_than_it_may_go_out(
    store: Store, clock: HandClock, url: str
) -> None:
    payload = {
        "to": ANNA.value,
        "text": "Your code is 918273.",
        "shown": "Your code is ….",
        "at": "",
        "call_id": "c",
    }
    await store.ledger.commit([JobAdded("j1", "sms", "j1", payload)], durable=True)
    assert await store.message_queue("w1").take_in([Channel.SMS]) == 1
    assert (await store.messages.get("j1")).text == "Your code is 918273."
    await went_out(store, clock, "j1")
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        for table in ("outbox", "messages", "interactions"):
            kept = str((await connection.execute(text(f"SELECT * FROM {table}"))).all())
            assert "918273" not in kept, table
            assert "Your code is …" in kept or "\\u2026" in kept, table
    await engine.dispose()


async def test_a_code_that_was_entered_in_a_call_proves_its_message(store: Store, clock: HandClock) -> None:
    rules = worker(store, clock, MISSED)
    await rules.look()
    await ended(store, clock, "c1", *GAVE_UP)
    await rules.look()
    (message,) = await sent(store)
    await went_out(store, clock, message.id)
    at = clock.now()
    await store.ledger.commit(
        [checked_job("c1", message.id, "j1", at), checked_job("c1", "gone", "j2", at)], durable=True
    )
    clock.pass_seconds(2)
    await rules.look()
    checked = await store.messages.get(message.id)
    assert (checked.state, checked.checked_at) == (MessageState.CHECKED, at)
    assert await store.followups.check_messages(limit=10) == 0
