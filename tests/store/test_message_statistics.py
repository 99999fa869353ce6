"""What became of messages, counted by both databases; the numbers were worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event

from compliance.facts import Channel
from engine.registers.message_statistics import (
    ANY_MESSAGE,
    TOOK_EDGES_SECONDS,
    GroupedBy,
    MessageStatistics,
    Narrowed,
    StateReason,
)
from engine.registers.messages import Message
from history.interaction import ContactPoint, PointKind
from messaging.provider import Incoming
from messaging.states import MessageState
from store.database import create_engine, database_url
from store.registers.local_hours import offsets
from store.registers.message_statistics import SqlMessageStatistics
from store.store import Store
from tests.conftest import HandClock

S = MessageState
WARSAW = ZoneInfo("Europe/Warsaw")
# The night in which Warsaw's clock goes back: 00:30 UTC is 02:30, and so is 01:30 UTC.
NIGHT = datetime(2026, 10, 25, tzinfo=UTC)


async def written(store: Store, id: str, state: S, minutes: int = 0, **more: object) -> None:
    at = NIGHT + timedelta(minutes=minutes)
    took = more.pop("took", None)
    known: dict[str, object] = {
        "channel": Channel.SMS,
        "point": ContactPoint(PointKind.PHONE, "+48600000001"),
        "text": "x",
        "provider": "north",
        "template": "hours",
        "sent_at": None if state in (S.QUEUED, S.REFUSED, S.STOPPED) else at,
        "delivered_at": None if took is None else at + timedelta(seconds=float(str(took))),
        "cost": 7,
        "currency": "PLN",
    }
    await store.messages.add([Message(id, at, state=state, **(known | more))])  # type: ignore[arg-type]


async def all_kinds(store: Store) -> None:
    await written(store, "m01", S.DELIVERED, 0, took=1)
    await written(store, "m02", S.DELIVERED, 30, took=4.5)
    await written(store, "m03", S.READ, 90, took=59.999, read_at=NIGHT + timedelta(hours=3))
    read_and_used = {"read_at": NIGHT, "checked_at": NIGHT}
    await written(store, "m04", S.CHECKED, 90, took=100_000, currency="EUR", **read_and_used)
    await written(store, "m05", S.FAILED, 90, code="11", provider="south")
    await written(store, "m06", S.FAILED, 90, code="11", template="news", mailing="june")
    await written(store, "m07", S.FAILED, 90, code="27", template="news", campaign="spring")
    await written(store, "m08", S.EXPIRED, 90, template="news", cost=None)
    await written(store, "m09", S.IN_DOUBT, 90, point=ContactPoint(PointKind.PHONE, "+48530000001"))
    await written(store, "m10", S.REFUSED, 90, code="quiet_hours", cost=None)
    await written(store, "m11", S.STOPPED, 90, code="stopped", cost=None)
    await written(store, "m12", S.ACCEPTED, 23 * 60, template=None)
    mail = ContactPoint(PointKind.EMAIL, "anna@example.com")
    await written(store, "m13", S.QUEUED, 90, channel=Channel.EMAIL, point=mail, provider=None, cost=None)
    await written(store, "early", S.DELIVERED, -1, took=1)
    await written(store, "late", S.DELIVERED, 24 * 60, took=1)


async def counted(store: Store, by: GroupedBy, **more: object) -> list[MessageStatistics]:
    until = NIGHT + timedelta(days=1)
    found = await store.message_statistics.statistics(by, since=NIGHT, until=until, **more)  # type: ignore[arg-type]
    return list(found)


async def test_each_message_is_counted_once(store: Store) -> None:
    assert await counted(store, GroupedBy.ALL) == []
    await all_kinds(store)
    (told,) = await counted(store, GroupedBy.ALL)
    took = dict(zip((*TOOK_EDGES_SECONDS, None), told.took, strict=True))
    assert told == MessageStatistics(
        key="",
        messages=13,
        waiting=1,
        sent=10,
        accepted=1,
        delivered=4,
        read=2,
        checked=1,
        opened=2,
        failed=3,
        expired=1,
        refused=1,
        stopped=1,
        in_doubt=1,
        p50_seconds=4.5,
        p95_seconds=100_000,
        took=told.took,
        reasons=(
            StateReason(S.FAILED, "11", 2),
            StateReason(S.EXPIRED, "", 1),
            StateReason(S.FAILED, "27", 1),
            StateReason(S.IN_DOUBT, "", 1),
            StateReason(S.REFUSED, "quiet_hours", 1),
            StateReason(S.STOPPED, "stopped", 1),
        ),
        cost={"PLN": 56, "EUR": 7},
    )
    # 1 s is not less than 1 s.
    assert {edge: count for edge, count in took.items() if count} == {2: 1, 5: 1, 60: 1, None: 1}
    states = "waiting accepted delivered failed expired refused stopped in_doubt"
    assert sum(getattr(told, name) for name in states.split()) == told.messages


async def test_groups_and_what_narrows_them(store: Store) -> None:
    await all_kinds(store)

    async def numbers(by: GroupedBy, only: Narrowed = ANY_MESSAGE, **more: object) -> dict[str, int]:
        return {one.key: one.messages for one in await counted(store, by, only=only, **more)}

    assert await numbers(GroupedBy.TEMPLATE) == {"hours": 9, "news": 3}
    assert list(await numbers(GroupedBy.TEMPLATE, limit=1)) == ["hours"]
    assert await numbers(GroupedBy.PROVIDER) == {"north": 11, "south": 1}
    assert await numbers(GroupedBy.MAILING) == {"june": 1}
    assert await numbers(GroupedBy.CAMPAIGN) == {"spring": 1}
    assert await numbers(GroupedBy.CHANNEL) == {"sms": 12, "email": 1}
    assert await numbers(GroupedBy.PREFIX, prefix_digits=5) == {"+48600": 11, "+48530": 1}
    assert await numbers(GroupedBy.PREFIX, prefix_digits=5, limit=1) == {"+48600": 11}
    assert await numbers(GroupedBy.TEMPLATE, Narrowed(prefix="+4853")) == {"hours": 1}
    only = Narrowed(template="news", provider="north", campaign="spring", channel=Channel.SMS)
    assert await numbers(GroupedBy.ALL, only) == {"": 1}
    assert await numbers(GroupedBy.ALL, Narrowed(mailing="july")) == {}
    (news, hours) = sorted(await counted(store, GroupedBy.TEMPLATE), key=lambda one: one.messages)
    assert (news.p50_seconds, hours.p50_seconds, hours.p95_seconds) == (None, 4.5, 100_000)
    (untimed, _) = await counted(store, GroupedBy.TEMPLATE, with_times=False)
    assert (untimed.p50_seconds, untimed.took) == (None, hours.took)


async def test_hours_and_days_are_those_of_the_zone(store: Store) -> None:
    await all_kinds(store)

    async def numbers(by: GroupedBy, zone: ZoneInfo | None = None) -> dict[str, int]:
        given = {} if zone is None else {"zone": zone}
        return {one.key: one.messages for one in await counted(store, by, **given)}

    assert await numbers(GroupedBy.DAY) == {"2026-10-25": 13}
    assert await numbers(GroupedBy.DAY, WARSAW) == {"2026-10-25": 12, "2026-10-26": 1}
    utc = {"2026-10-25T00": 2, "2026-10-25T01": 10, "2026-10-25T23": 1}
    assert await numbers(GroupedBy.HOUR) == utc
    # The hour that the clock shows twice is one.
    assert await numbers(GroupedBy.HOUR, WARSAW) == {"2026-10-25T02": 12, "2026-10-26T00": 1}
    kolkata = {"2026-10-25T05": 1, "2026-10-25T06": 1, "2026-10-25T07": 10, "2026-10-26T04": 1}
    assert await numbers(GroupedBy.HOUR, ZoneInfo("Asia/Kolkata")) == kolkata


def test_a_zones_changes_are_found() -> None:
    year = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert [(f"{until:%m-%d %H:%M}", offset) for until, offset in offsets(*year, WARSAW)] == [
        ("03-29 01:00", 3600),
        ("10-25 01:00", 7200),
        ("01-01 00:00", 3600),
    ]


async def test_answers_and_opt_outs_belong_to_the_message_that_is_answered(
    store: Store, clock: HandClock
) -> None:
    await all_kinds(store)
    queue = store.message_queue("sender")
    clock.at = NIGHT + timedelta(days=2)

    async def says(id: str, message: str, *, opted_out: bool = False) -> None:
        number, now = "+48600000001", clock.now()
        told = Incoming("north", Channel.SMS, number, "100", "x", now, id, in_reply_to=message)
        assert await queue.take(told, opted_out=opted_out)

    await says("in1", "m01")
    await says("in2", "m01")
    await says("in3", "m03", opted_out=True)
    await says("in4", "early")
    (told,) = await counted(store, GroupedBy.ALL)
    assert (told.messages, told.replied, told.opted_out) == (13, 2, 1)
    by_hour = {one.key: (one.replied, one.opted_out) for one in await counted(store, GroupedBy.HOUR)}
    assert by_hour == {"2026-10-25T00": (1, 0), "2026-10-25T01": (1, 1), "2026-10-25T23": (0, 0)}


@pytest.mark.parametrize(
    ("only", "hours", "index"),
    [(ANY_MESSAGE, 1, "ix_messages_time"), (Narrowed(mailing="june"), 24 * 366, "ix_messages_mailing")],
)
async def test_a_short_time_and_one_mailing_are_found_by_index(
    store: Store, url: str, only: Narrowed, hours: int, index: str
) -> None:
    """PostgreSQL reads so few rows without any index: it is told not to."""
    await all_kinds(store)
    engine = create_engine(database_url(url))
    asked: list[tuple[str, object]] = []

    def hear(_: object, __: object, sql: str, values: object, *rest: object) -> None:
        asked.append((sql, values))

    plans: list[str] = []
    since, until = NIGHT - timedelta(hours=hours), NIGHT + timedelta(hours=2)
    book, by = SqlMessageStatistics(engine), GroupedBy.TEMPLATE
    event.listen(Engine, "before_cursor_execute", hear)
    try:
        assert await book.statistics(by, since=since, until=until, only=only)
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    try:
        statements = [one for one in asked if "FROM messages" in one[0]]
        async with engine.connect() as connection:
            if url.startswith("postgresql"):
                await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN" if url.startswith("postgresql") else "EXPLAIN QUERY PLAN"
            for sql, values in statements:
                rows = await connection.exec_driver_sql(f"{explain} {sql}", values)  # type: ignore[arg-type]
                plans.append("\n".join(str(tuple(row)) for row in rows))
    finally:
        await engine.dispose()
    assert len(plans) == 3, "counted, timed and answered"
    # Of so few rows PostgreSQL finds one as cheap as the other.
    other = "ix_messages_time" if url.startswith("postgresql") else index
    for plan in plans[:2]:
        assert index in plan or other in plan, plan
    assert "ix_messages_inbound" in plans[2] or index in plans[2], plans[2]
    read_whole = ("Seq Scan on messages", "SCAN messages',", "SCAN reply',")
    assert not any(sign in plan for plan in plans for sign in read_whole), plans
