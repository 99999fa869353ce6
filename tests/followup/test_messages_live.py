"""A flow's text on a running hotline: to the SMSC, its receipt, the history; what people write, and STOP."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance.facts import Channel, Purpose
from engine.clock import SystemClock
from engine.registers.messages import Message, MessageDirection, MessageFilter
from history.interaction import ContactPoint, PointKind
from infolinia.configuration import load_configuration
from messaging.states import MessageState
from store.message_opening import open_messages
from store.registers.messages import SqlMessages
from tests.house import take_ports
from tests.running import ROOT, RunningHotline, running, until
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc, running_smsc

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]
CALLER, OURS = "+48600000041", "+48220000099"
LONG = "Dzień dobry, mam pytanie o zamówienie. 😀 " * 12
FLOW = """
flow: texts
languages: [en]
always: {agent: bye, trouble: bye, gone: bye}
start: text
steps:
  text: {sms: {text: {en: "Your order is ready {caller}."}}, next: bye, failed: bye}
  bye: {hangup: normal}
"""


def settings(folder: Path, smsc: Smsc, database: str) -> dict[str, Any]:
    flows = folder / "flows"
    flows.mkdir()
    (flows / "texts.yaml").write_text(FLOW, encoding="utf-8")
    shutil.copy(ROOT / "callflows" / "unknown-number.yaml", flows)
    smpp = {
        "endpoints": [{"host": "127.0.0.1", "port": smsc.port}],
        "system_id": SYSTEM_ID,
        "password": PASSWORD,
        "sender": OURS,
    }
    changes: dict[str, Any] = {
        "flows": str(flows),
        "numbers": {"100": "texts"},
        "messaging": {"providers": [{"name": "operator", "smpp": smpp}]},
    }
    if database.startswith("postgresql"):
        changes["database"] = database
    return changes


async def found(messages: SqlMessages, **wanted: Any) -> list[Message]:
    return list((await messages.list(MessageFilter(**wanted))).items)


async def come(hotline: RunningHotline, messages: SqlMessages, count: int, **wanted: Any) -> list[Message]:
    there: list[Message] = []

    async def enough() -> bool:
        there[:] = await found(messages, **wanted)
        return len(there) >= count

    await until(enough, f"{count} messages {wanted}", 30, hotline.log)
    return there


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with running_smsc() as one:
        yield one


async def test_a_text_goes_out_and_answers_come_in(url: str, tmp_path: Path, smsc: Smsc) -> None:
    with take_ports(29500, 29700) as ports:
        async with running(tmp_path, ports, **settings(tmp_path, smsc, url)) as hotline:
            database = load_configuration(hotline.config).database_url
            async with open_messages(database, SystemClock()) as messages:
                await _out_and_in(hotline, messages, smsc)
                log = hotline.output.read_text(errors="replace")
    for private in (CALLER, "Your order", "zamówienie"):
        assert private not in log


async def _out_and_in(hotline: RunningHotline, messages: SqlMessages, smsc: Smsc) -> None:
    await hotline.run("call", "--script", "wait 1", "--from", CALLER, limit_seconds=120)
    (sent,) = await come(hotline, messages, 1, states=(MessageState.DELIVERED,))
    (row,) = await smsc.log()
    assert (row["to"], row["text"], row["receipted"]) == (
        CALLER.lstrip("+"),
        f"Your order is ready {CALLER}.",
        1,
    )
    events = [one.state.value for one in await messages.events(sent.id)]
    assert events[:2] == ["queued", "sending"]
    assert events[-1] == "delivered"
    rows = await hotline.rows(2)
    (written,) = [one for one in rows if one["channel"] == "sms"]
    (call,) = [one for one in rows if one["channel"] == "call"]
    assert (written["subject_id"], written["contact_id"]) == (sent.id, call["contact_id"])
    assert sent.call_id == call["subject_id"]

    await smsc.write(CALLER.lstrip("+"), OURS.lstrip("+"), LONG)
    (long,) = await come(hotline, messages, 1, direction=MessageDirection.INBOUND)
    assert (long.text, long.in_reply_to, long.contact_id) == (LONG, sent.id, sent.contact_id)

    later = SystemClock().now() + timedelta(hours=5)
    point = ContactPoint(PointKind.PHONE, CALLER)
    await messages.add(
        [
            Message(name, later, Channel.SMS, point, "More", purpose=purpose, not_before=later)
            for name, purpose in (("more", Purpose.SERVICE), ("bill", Purpose.COLLECTIONS))
        ]
    )
    await smsc.write(CALLER.lstrip("+"), OURS.lstrip("+"), "Stop.")
    await come(hotline, messages, 2, direction=MessageDirection.INBOUND)
    assert [(await messages.get(name)).state.value for name in ("more", "bill")] == ["stopped", "queued"]
    assert len(await smsc.log()) == 1
