"""What a caller allows and forbids in a real call is in force with the same call's next step."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.house import take_ports
from tests.running import ROOT, running

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]

CALLER = "+48600000041"
FLOW = """
flow: wishes
languages: [en]
always: {agent: trouble, trouble: trouble, gone: bye}
start: agree
steps:
  agree:
    consent: {to: marketing, accept: 1, channels: [call, sms], prompt: {en: "Press 1 to agree."}, wait: 5s}
    next: first
    refused: trouble
  first: {sms: {text: {en: "Welcome."}}, next: stop, refused: trouble, failed: trouble}
  stop: {stop_contact: {channels: [sms]}, next: second}
  second: {sms: {text: {en: "One more thing."}}, next: trouble, refused: quiet, failed: trouble}
  quiet: {say: {text: {en: "We will not write again."}, interrupt: false}, next: bye}
  trouble: {say: {text: {en: "Trouble."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


def table(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "v" / "infolinia.db", timeout=5)) as database:
        return database.execute(query).fetchall()


async def test_who_wants_no_message_gets_none_from_the_next_step_on(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "wishes.yaml").write_text(FLOW, encoding="utf-8")
    shutil.copy(ROOT / "callflows" / "unknown-number.yaml", flows)
    with take_ports(21200, 21400) as ports:
        async with running(tmp_path, ports, flows=str(flows), numbers={"100": "wishes"}) as hotline:
            await hotline.run("call", "--script", "wait 2; press 1", "--from", CALLER, limit_seconds=90)
            (row,) = await hotline.rows(1)
            audit = await hotline.run("rules", "audit")
            why = await hotline.run("why", "contact", CALLER, "--channel", "sms", "--json")
    assert row["path"] == ["agree", "first", "stop", "second", "quiet", "bye"], row["events"]
    (refused,) = [event["data"] for event in row["events"] if event["kind"] == "contact_refused"]
    assert (refused["to"], refused["rule"]) == (CALLER, "do-not-contact/number")
    call_id = row["subject_id"]
    consents = table(
        tmp_path, "SELECT channel, purpose, given, source, proof_call_id, proof_second FROM consents"
    )
    assert [one[:5] for one in consents] == [
        (channel, "marketing", 1, "wishes", call_id) for channel in ("call", "sms")
    ]
    assert 0 < consents[0][5] < 30
    objections = table(tmp_path, "SELECT scope, value, channels FROM do_not_contact ORDER BY scope")
    assert objections == [("number", CALLER, '["sms"]'), ("person", row["contact_id"], '["sms"]')]
    jobs = table(tmp_path, "SELECT payload FROM outbox WHERE topic = 'sms'")
    assert [json.loads(payload)["text"] for (payload,) in jobs] == ["Welcome."]
    decided = table(tmp_path, "SELECT allowed, rule FROM decisions ORDER BY seq")
    assert decided == [(1, None), (0, "do-not-contact/number")]
    assert (audit[0], "2 decisions" in audit[1]) == (0, True)
    ways = {way["purpose"]: way["rule"] for way in json.loads(why[1])["ways"]}
    assert ways["service"] == "do-not-contact/number"
