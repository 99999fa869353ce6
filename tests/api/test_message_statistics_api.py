"""What became of messages, over the API and as a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from compliance.facts import Channel
from engine.registers.messages import Message
from history.interaction import ContactPoint, PointKind
from messaging.states import MessageState
from tests.api.serving import RunningApi, problem

S = MessageState
AT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
TIME = {"since": "2026-11-20T00:00:00Z", "until": "2026-11-22T00:00:00Z"}


async def written(api: RunningApi, id: str, number: str, state: S, **more: object) -> None:
    given = {"template": "hours", "provider": "north", "sent_at": AT, "cost": 7, "currency": "PLN"}
    point = ContactPoint(PointKind.PHONE, number)
    await api.store.messages.add([Message(id, AT, Channel.SMS, point, "x", state=state, **(given | more))])  # type: ignore[arg-type]


async def test_messages_are_counted_by_what_they_have_in_common(api: RunningApi) -> None:
    await written(api, "m1", "+48600000001", S.DELIVERED, delivered_at=AT + timedelta(seconds=3))
    await written(api, "m2", "+48530000001", S.FAILED, code="=11", provider="south")
    client = api.token("messages:read")
    path = "/messages/statistics"
    play, other = (await client.get(path, params=TIME | {"by": "prefix", "prefix_digits": "5"})).json["items"]
    assert (play["key"], play["country"], play["operators"]) == ("+48530", "PL", ["Play"])
    assert play["reasons"] == [{"state": "failed", "code": "=11", "messages": 1}]
    assert (other["key"], other["operators"], other["p95_seconds"]) == ("+48600", ["T-Mobile"], 3)
    took = {one["less_than_seconds"]: one["messages"] for one in other["took"]}
    assert (took[2], took[5], took[None], sum(took.values())) == (0, 1, 0, 1)
    only = {"provider": "south", "channel": "sms", "template": "hours", "prefix": "+4853"}
    (day,) = (await client.get(path, params=TIME | {"by": "day"} | only)).json["items"]
    local = AT.astimezone(api.parts.zone)
    assert (day["key"], day["messages"], day["failed"]) == (f"{local:%Y-%m-%d}", 1, 1)
    assert (day["country"], day["operators"]) == (None, [])

    reply = await client.get(f"{path}.csv", params=TIME | {"by": "prefix", "prefix_digits": "5"})
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "messages-by-prefix.csv" in reply.headers["Content-Disposition"]
    first, second = csv.DictReader(io.StringIO(reply.raw.decode("utf-8-sig")))
    assert (first["prefix"], first["operators"], first["failed"]) == ("'+48530", "Play", "1")
    assert (first["reasons"], first["p50_seconds"], first["cost_PLN"]) == ("failed =11: 1", "", "7")
    assert (second["took_less_than_5s"], second["took_longer"]) == ("1", "0")
    empty = await client.get(f"{path}.csv", params=TIME | {"by": "mailing"})
    assert empty.raw.decode("utf-8-sig").startswith("mailing,messages,")


async def test_what_cannot_be_counted_says_why(api: RunningApi) -> None:
    client = api.token("messages:read")
    path = "/messages/statistics"
    late = {"until": "2027-11-23T00:00:00Z"}
    wrong = problem(await client.get(path, params=TIME | late | {"by": "template"}), 400, "invalid")
    assert "at most 366 days" in str(wrong)
    month = {"by": "hour", "since": "2026-09-01T00:00:00Z"}
    wrong = problem(await client.get(path, params=TIME | month), 400, "invalid")
    assert "at most 41 days" in str(wrong)
    problem(await client.get(path, params=TIME | {"by": "colour"}), 400, "invalid")
    problem(await client.get(f"{path}.csv", params=TIME | {"by": "all", "prefix": "48"}), 400, "invalid")
