"""Messages, mailings and templates over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.followup.mailings import MailingWork
from engine.registers.audit import AuditFilter
from engine.registers.followups import Followed
from infolinia.configuration import Configuration
from infolinia.sections.messaging import MessagingSection
from tests.api.serving import Client, RunningApi, both_databases, problem, running_api

ANNA, JAN = "+48600000001", "+48600000002"
TEMPLATE = """template: hours
purpose: service
languages: [en]
takes: [shop]
text: "{given_name}, {shop} opens at nine."
"""
LINKED = """template: order
purpose: service
languages: [en]
takes: [order]
link: "https://shop.example/orders/{order}"
text: "Your order: {link}"
"""


@pytest.fixture
async def api(api_url: str, tmp_path: Path) -> AsyncIterator[RunningApi]:
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "hours.yaml").write_text(TEMPLATE)
    (tmp_path / "messages" / "order.yaml").write_text(LINKED)
    messages = MessagingSection(templates=tmp_path / "messages", links_url="https://calls.example.com")
    state = tmp_path / "state"
    configuration = Configuration(folder=Path.cwd(), database=api_url, state=state, messaging=messages)
    async with running_api(api_url, tmp_path, configuration=configuration) as running:
        yield running


async def contact(client: Client, number: str, name: str | None = "Anna") -> str:
    person = {"points": [{"kind": "phone", "value": number}]} | ({"given_name": name} if name else {})
    reply = await client.post("/contacts", person, key=number)
    assert reply.status == 201, reply.json
    return str(reply.json["id"])


@both_databases
async def test_a_mailing_is_made_looked_at_started_and_stopped(api: RunningApi) -> None:
    client = api.token()
    anna, jan = await contact(client, ANNA), await contact(client, JAN, None)
    wanted: dict[str, Any] = {
        "name": "October",
        "template": "hours",
        "channel": "sms",
        "contact_ids": [anna, jan],
        "opens": "00:00",
        "closes": "23:59",
    }
    made = await client.post("/mailings", wanted, key="m1")
    assert made.status == 201, made.json
    path = made.headers["Location"].removeprefix("/api/v1")
    seen = (await client.get(f"{path}/preview")).json
    assert seen["mistakes"] == ["Template hours takes shop: give it in values."]
    problem(await client.post(f"{path}/start", key="s0"), 428, "version-required")
    problem(await client.post(f"{path}/start", key="s1", etag=made.etag), 422, "refused")
    changed = await client.put(path, wanted | {"values": {"shop": "Town"}}, headers={"If-Match": made.etag})
    assert changed.status == 200, changed.json
    seen = (await client.get(f"{path}/preview")).json
    assert (seen["recipients"], seen["sampled"], seen["mistakes"]) == (2, 2, [])
    assert [one["text"] for one in seen["first"]] == ["Anna, Town opens at nine.", ""]
    assert len(seen["unwritten"]) == 1

    problem(await client.post(f"{path}/start", key="s3", etag=made.etag), 412, "changed")
    started = await client.post(f"{path}/start", key="s2", etag=changed.etag)
    assert (started.json["state"], started.json["recipients"]) == ("running", 2)
    desk = api.parts.mailing_desk
    await MailingWork(api.store.mailing_queue("w"), lambda: desk.shelf, api.parts.clock).round()
    figures = (await client.get(f"{path}/figures")).json
    assert (figures["states"], figures["to_come"], len(figures["unwritten"])) == ({"queued": 1}, 0, 1)
    (without,) = (await client.get(f"{path}/recipients", params={"unwritten": "true"})).json["items"]
    assert without["contact_id"] == jan
    assert (await client.post(f"{path}/pause", {}, key="p1")).json["state"] == "paused"
    assert (await client.post(f"{path}/resume", {}, key="r1")).json["state"] == "running"
    stopped = await client.post(f"{path}/stop", {"reason": "wrong hours"}, key="x1")
    assert (stopped.json["state"], stopped.json["note"]) == ("stopped", "wrong hours")
    problem(await client.post(f"{path}/resume", {}, key="r2"), 422, "refused")
    assert [one["id"] for one in (await client.get("/mailings")).json["items"]] == [made.json["id"]]
    assert (await client.get("/mailings", params={"state": "draft"})).json["items"] == []


@both_databases
async def test_one_message_is_sent_read_and_stopped(api: RunningApi) -> None:
    client = api.token()
    anna = await contact(client, ANNA)
    wanted = {"contact_id": anna, "template": "hours", "values": {"shop": "Town"}}
    sent = await client.post("/messages", wanted, key="a")
    assert sent.status == 201, sent.json
    assert (sent.json["text"], sent.json["state"]) == ("Anna, Town opens at nine.", "queued")
    noted = await api.store.accounts.audit.entries(AuditFilter(action="message.sent"), limit=5)
    assert [(one.note.subject, one.note.data) for one in noted] == [
        (f"message:{sent.json['id']}", {"channel": "sms", "purpose": "service", "template": "hours"})
    ]
    again = await client.post("/messages", wanted, key="a")
    assert again.json["id"] == sent.json["id"]
    path = sent.headers["Location"].removeprefix("/api/v1")
    read = (await client.get(path)).json
    assert [one["state"] for one in read["events"]] == ["queued"]
    listed = (await client.get("/messages", params={"contact_id": anna})).json["items"]
    assert [one["id"] for one in listed] == [sent.json["id"]]
    stopped = await client.post(f"{path}/stop", {"reason": "a mistake"}, key="b")
    assert (stopped.json["state"], stopped.json["why"]) == ("stopped", "a mistake")
    problem(await client.post(f"{path}/stop", {"reason": "again"}, key="c"), 422, "refused")
    now = api.parts.clock.now()
    asked = {
        "by": "prefix",
        "since": (now - timedelta(days=1)).isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
    }
    (told,) = (await client.get("/messages/statistics", params=asked)).json["items"]
    assert (told["key"], told["messages"], told["stopped"], told["p95_seconds"]) == ("+4860", 1, 1, None)


async def test_a_link_leads_where_it_led_when_it_was_sent(api: RunningApi) -> None:
    client = api.token()
    wanted = {"to": {"kind": "phone", "value": ANNA}, "template": "order", "values": {"order": "A/1"}}
    sent = (await client.post("/messages", wanted, key="l")).json
    begin, _, link = sent["text"].rpartition("/s/")
    assert begin == "Your order: https://calls.example.com"
    found = await api.store.short_links.follow(link, api.parts.clock.now(), by_a_person=False)
    assert found == Followed("https://shop.example/orders/A%2F1")


async def test_what_cannot_be_sent_says_why(api: RunningApi) -> None:
    client = api.token()
    to = {"kind": "phone", "value": ANNA}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"to": to}, "Give a text"),
        ({"to": to, "text": "x"}, "needs a purpose"),
        ({"to": to, "template": "none"}, "There is no template none"),
        ({"to": to, "template": "hours"}, "Template hours takes shop: give it in values."),
        ({"to": to, "template": "hours", "values": {"shop": "Town"}}, "{given_name} is not known"),
        ({"to": to, "text": "ż" * 700, "purpose": "service"}, "takes 11 parts"),
        ({"to": to, "text": "x", "purpose": "service", "channel": "email"}, "goes to"),
        ({"contact_id": "none", "text": "x", "purpose": "service"}, "There is no contact none"),
    ]
    for number, (body, why) in enumerate(wrong):
        refused = await client.post("/messages", body, key=f"w{number}")
        assert refused.status == 422, refused.json
        assert why in str(refused.json), refused.json
    objection = {"scope": "number", "value": ANNA, "reason": "asked", "source": "api"}
    kept = await client.post("/do-not-contact", objection, key="o")
    assert kept.status == 201, kept.json
    forbidden = await client.post("/messages", {"to": to, "text": "x", "purpose": "marketing"}, key="f")
    told = problem(forbidden, 409, "forbidden-by-rule")
    assert told["rule"]
    assert (await client.get("/messages")).json["items"] == []


async def test_a_template_is_checked_with_its_lines(api: RunningApi) -> None:
    client = api.token()
    listed, linked = (await client.get("/templates")).json["items"]
    assert linked["mistakes"] == []
    assert (listed["name"], listed["takes"], listed["channels"]) == (
        "hours",
        ["shop"],
        ["sms", "push", "messenger"],
    )
    bad = await client.post("/templates/check", {"source": TEMPLATE.replace("{shop}", "{shp}")})
    (mistake,) = bad.json["mistakes"]
    assert (mistake["line"], "did you mean {shop}?" in mistake["message"]) == (5, True)
    broken = await client.post("/templates/check", {"source": "template: x\npurpose: joke\n"})
    assert {one["line"] for one in broken.json["mistakes"]} >= {1, 2}
    values = {"shop": "Łódź", "given_name": "Jan"}
    good = (await client.post("/templates/check", {"source": TEMPLATE, "values": values})).json
    (language,) = good["languages"]
    assert (language["text"], language["encoding"], language["parts"]) == (
        "Jan, Łódź opens at nine.",
        "ucs2",
        1,
    )
    assert "'Ł'" in language["forced_by"]
