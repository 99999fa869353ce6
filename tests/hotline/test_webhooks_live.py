"""A real call on a running hotline is told to a webhook, in its order, and can be verified."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from engine.clock import SystemClock
from store.opening import open_webhooks
from tests.house import take_ports
from tests.publishing.receivers import SECRET, SOMEBODY, Receiver, receiving, verified
from tests.running import RunningHotline, running, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]


async def test_a_call_is_told_to_a_webhook(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with (
            receiving() as receiver,
            running(tmp_path, ports, webhooks={"private_networks": True}) as hotline,
        ):
            metrics = await one_call(tmp_path, receiver, hotline)
            log = hotline.log()
    call = [one.body for one in receiver.taken if one.body["kind"].startswith("call.")]
    subjects = {body["subject"] for body in call}
    for subject in subjects:
        kinds = [(body["kind"], body["sequence"]) for body in call if body["subject"] == subject]
        assert kinds == [("call.started", 1), ("call.answered", 2), ("call.ended", 3)]
    ended = next(body for body in call if body["kind"] == "call.ended")
    assert ended["data"]["outcome"]
    (added,) = (one.body for one in receiver.taken if one.body["kind"] == "interaction.added")
    assert added["data"]["subject_id"] == ended["data"]["id"]
    assert added["subject"] == f"contact:{added['data']['contact_id']}"
    for one in receiver.taken:
        sent = int(one.headers["X-Infolinia-Signature"].split(",")[0].removeprefix("t="))
        assert verified(SECRET, one.headers["X-Infolinia-Signature"], one.raw, sent)
        assert abs(datetime.fromtimestamp(sent, UTC) - datetime.fromisoformat(one.body["at"])).seconds < 60
    counted = re.search(r'infolinia_webhook_deliveries_total\{result="delivered"\} (\S+)', metrics)
    assert counted is not None
    assert float(counted[1]) >= 4
    assert SECRET not in log


async def one_call(folder: Path, receiver: Receiver, hotline: RunningHotline) -> str:
    """The hotline's measures after a call, and a webhook that was told of it."""
    async with open_webhooks(f"sqlite:///{folder}/v/infolinia.db") as (webhooks, _):
        await webhooks.create(
            SOMEBODY,
            "w",
            url=receiver.url,
            kinds=["call.started", "call.answered", "call.ended", "interaction.added", "contact.created"],
            description="",
            secret=SECRET,
            at=SystemClock().now(),
        )
    await hotline.run("call", "--script", "wait 2; press 2; wait 1; hang up")

    async def told() -> bool:
        return {"call.ended", "interaction.added"} <= {one.body["kind"] for one in receiver.taken}

    await until(told, "the call's end is told", 20, hotline.log)
    async with aiohttp.ClientSession() as session, session.get(f"{hotline.web}/metrics") as response:
        return await response.text()
