"""A running hotline and an SMSC: a flow's text, a missed call's link, answers, a grade, and STOP."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from compliance.facts import Channel, Purpose
from engine.clock import SystemClock
from engine.registers.messages import Message, MessageDirection, MessageFilter
from history.interaction import ContactPoint, PointKind
from infolinia.configuration import load_configuration
from messaging.states import MessageState
from store.opening import open_messages
from store.registers.messages import SqlMessages
from tests.house import Ports, take_ports
from tests.phone import SipPhone, sip_phone
from tests.running import ROOT, RunningHotline, running, until
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc, running_smsc

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]
CALLER, MISSED, OURS = "+48600000041", "+48600000042", "+48220000099"
LONG = "Dzień dobry, mam pytanie o zamówienie. 😀 " * 12
TARGET = "https://shop.example.com/ask"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
TEXTS = """
flow: texts
languages: [en]
always: {agent: bye, trouble: bye, gone: bye}
start: text
steps:
  text: {sms: {text: {en: "Your order is ready {caller}."}}, next: bye, failed: bye}
  bye: {hangup: normal}
"""
LINE = """
flow: line
languages: [en]
always: {agent: bye, trouble: bye}
use: {queues: [orders]}
start: agents
steps:
  agents: {queue: {name: orders, max_wait: 2m}, next: bye, timeout: bye, closed: bye, full: bye, nobody: bye}
  bye: {hangup: normal}
"""
SORRY = f"""
template: sorry
purpose: service
languages: [en]
link: "{TARGET}"
text: "We missed your call {{number}}. Ask us here: {{link}}"
"""
ANNA = "a password of hers"


def settings(folder: Path, ports: Ports, smsc: Smsc) -> dict[str, Any]:
    flows, templates = folder / "flows", folder / "messages"
    flows.mkdir()
    shutil.copytree(ROOT / "messages", templates)
    (flows / "texts.yaml").write_text(TEXTS, encoding="utf-8")
    (flows / "line.yaml").write_text(LINE, encoding="utf-8")
    (templates / "sorry.yaml").write_text(SORRY, encoding="utf-8")
    shutil.copy(ROOT / "callflows" / "unknown-number.yaml", flows)
    smpp = {
        "endpoints": [{"host": "127.0.0.1", "port": smsc.port}],
        "system_id": SYSTEM_ID,
        "password": PASSWORD,
        "sender": OURS,
    }
    today = SystemClock().now().date()
    at_any_hour = {
        "pack": "service",
        "numbers": {"hours": {"begins": "00:00", "ends": "23:59"}},
        "by": "Anna",
        "reason": "a test at any hour",
        "at": str(today),
        "until": str(today + timedelta(days=1)),
    }
    return {
        "flows": str(flows),
        "numbers": {"100": "texts", "200": "line"},
        "agents": {"anna": {"sip": {"password": ANNA}}},
        "queues": {
            "orders": {
                "agents": ["anna"],
                "ring": "60s",
                "wrap_up": "1s",
                "rate_by_sms": {"template": "how_was_it"},
            }
        },
        "rules": {"overrides": [at_any_hour]},
        "outbound": {"company": "Shop"},
        "followups": [{"name": "missed", "on": "call.missed", "send": "sorry"}],
        "messaging": {
            "providers": [{"name": "operator", "smpp": smpp}],
            "links_url": f"http://127.0.0.1:{ports.spare(30)}",
        },
    }


class Story:
    """One running hotline, what it wrote down, and the SMSC."""

    def __init__(self, hotline: RunningHotline, messages: SqlMessages, smsc: Smsc, anna: SipPhone) -> None:
        self.hotline, self.messages, self.smsc, self.anna = hotline, messages, smsc, anna

    async def call(self, number: str, caller: str, wait_seconds: int) -> None:
        script = f"wait {wait_seconds}; hang up"
        asked = ("call", number, "--script", script, "--from", caller)
        await self.hotline.run(*asked, limit_seconds=120)

    async def come(self, count: int, **wanted: Any) -> list[Message]:
        """Newest first, once there are so many."""
        there: list[Message] = []

        async def enough() -> bool:
            there[:] = (await self.messages.list(MessageFilter(**wanted))).items
            return len(there) >= count

        await until(enough, f"{count} messages {wanted}", 30, self.hotline.log)
        return there

    async def delivered(self, count: int) -> Message:
        """The newest, once so many are."""
        return (
            await self.come(count, states=(MessageState.DELIVERED,), direction=MessageDirection.OUTBOUND)
        )[0]

    async def write(self, caller: str, text: str) -> None:
        await self.smsc.write(caller.lstrip("+"), OURS.lstrip("+"), text)


async def test_what_is_written_goes_out_and_what_people_answer_counts(tmp_path: Path) -> None:
    async with running_smsc() as smsc:
        with take_ports(29500, 29700) as ports:
            async with running(tmp_path, ports, **settings(tmp_path, ports, smsc)) as hotline:
                database = load_configuration(hotline.config).database_url
                async with (
                    open_messages(database, SystemClock()) as messages,
                    sip_phone("anna", ANNA, ports.sip, ports.spare(10)) as anna,
                ):
                    story = Story(hotline, messages, smsc, anna)
                    await _flow_writes(story)
                    await _missed_call_is_answered(story)
                    await _talk_is_graded(story)
                    await _help_is_answered(story)
                    await _nothing_after_stop(story)
                    log = hotline.output.read_text(errors="replace")
    for private in (CALLER, MISSED, "Your order", "zamówienie"):
        assert private not in log


async def _flow_writes(story: Story) -> None:
    await story.call("100", CALLER, 1)
    sent = await story.delivered(1)
    (row,) = await story.smsc.log()
    told = f"Your order is ready {CALLER}."
    assert (row["to"], row["text"], row["receipted"]) == (CALLER.lstrip("+"), told, 1)
    events = [one.state.value for one in await story.messages.events(sent.id)]
    assert (events[:2], events[-1]) == (["queued", "sending"], "delivered")
    rows = await story.hotline.rows(2)
    (written,) = [one for one in rows if one["channel"] == "sms"]
    (call,) = [one for one in rows if one["channel"] == "call"]
    assert (written["subject_id"], written["contact_id"]) == (sent.id, call["contact_id"])
    assert sent.call_id == call["subject_id"]

    await story.write(CALLER, LONG)
    (long,) = await story.come(1, direction=MessageDirection.INBOUND)
    assert (long.text, long.in_reply_to, long.contact_id) == (LONG, sent.id, sent.contact_id)


async def _missed_call_is_answered(story: Story) -> None:
    anna = story.anna
    anna.manner = "rings"

    async def known() -> bool:
        return await story.hotline.free_agents() == 1

    await until(known, "Anna's telephone is there", 15, story.hotline.log)
    await story.call("200", MISSED, 7)
    sorry = await story.delivered(2)
    assert (sorry.template, sorry.point) == ("sorry", ContactPoint(PointKind.PHONE, MISSED))
    text = (await story.smsc.log())[-1]["text"]
    found = re.fullmatch(rf"We missed your call \{MISSED}\. Ask us here: (http://\S+/s/\S+)", text)
    assert found is not None, text
    async with (
        aiohttp.ClientSession(headers={"User-Agent": BROWSER}) as session,
        session.get(found[1], allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (302, TARGET)
    (checked,) = await story.come(1, states=(MessageState.CHECKED,))
    assert checked.id == sorry.id


async def _talk_is_graded(story: Story) -> None:
    anna = story.anna
    anna.manner = "answers"
    calling = asyncio.create_task(story.call("200", CALLER, 30))
    await anna.until(lambda: anna.talking)

    async def connected() -> bool:
        with closing(sqlite3.connect(story.hotline.folder / "v" / "infolinia.db", timeout=5)) as database:
            query = "SELECT count(*) FROM call_events WHERE kind = 'agent_connected'"
            return int(database.execute(query).fetchone()[0]) == 1

    await until(connected, "they talk", 20, story.hotline.log)
    anna.hang_up()
    await calling
    asked = await story.delivered(2)  # the link's is checked by now
    assert (asked.template, asked.point) == ("how_was_it", ContactPoint(PointKind.PHONE, CALLER))
    await story.write(CALLER, "5!")
    (grade, *_) = await story.come(2, direction=MessageDirection.INBOUND)
    assert (grade.code, grade.in_reply_to) == ("rating", asked.id)


async def _help_is_answered(story: Story) -> None:
    await story.write(CALLER, "Pomoc?")
    answer = await story.delivered(3)
    assert answer.text == "Shop. Aby nie dostawać więcej wiadomości, odpisz STOP."


async def _nothing_after_stop(story: Story) -> None:
    later = SystemClock().now() + timedelta(hours=5)
    point = ContactPoint(PointKind.PHONE, CALLER)
    purposes = {"more": Purpose.SERVICE, "news": Purpose.MARKETING, "bill": Purpose.COLLECTIONS}
    await story.messages.add(
        [
            Message(name, later, Channel.SMS, point, "More", purpose=purpose, not_before=later)
            for name, purpose in purposes.items()
        ]
    )
    before = len(await story.smsc.log())
    await story.write(CALLER, "Stop.")
    await story.come(4, direction=MessageDirection.INBOUND)
    states = {name: (await story.messages.get(name)).state.value for name in purposes}
    assert states == {"more": "stopped", "news": "stopped", "bill": "queued"}
    assert len(await story.smsc.log()) == before
