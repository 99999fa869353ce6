"""Disks that are really full while people talk: they talk on, and what was recorded before is kept."""

from __future__ import annotations

import asyncio
import io
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from store.recordings.transcoding import RATE_HZ, decoded
from tests.hotline.test_queue_live import FLOW, PASSWORDS, UNKNOWN, Floor, hear_each_other
from tests.hotline.test_recordings_live import strength
from tests.house import take_ports
from tests.phone import SipPhone
from tests.rtp import RtpParty
from tests.running import COMMAND, RunningHotline, until
from tests.small_disks import SmallDisk, on_small_disks

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]
KEPT, RAW = "recordings", "v/asterisk/spool/monitor"


class Scene:
    """A hotline that records all talks, one agent, and the two disks that sound is written to."""

    def __init__(self, floor: Floor, anna: SipPhone) -> None:
        self.floor = floor
        self.hotline = floor.hotline
        self.anna = anna
        process = self.hotline.process
        assert process is not None
        self.kept, self.raw = (SmallDisk(process.pid, self.hotline.folder / name) for name in (KEPT, RAW))

    async def talk(self, number: int) -> RtpParty:
        caller = await self.floor.caller(number)
        await self.anna.until(lambda: self.anna.talking, 20)
        await hear_each_other(caller, self.anna)
        return caller

    async def recorded(self, wanted: dict[str, str], number: int) -> dict[str, Any]:
        """The recording that was begun as this one, once its words are as wanted."""
        found: list[dict[str, Any]] = []

        async def so() -> bool:
            found[:] = self.hotline.recordings()[number - 1 : number]
            return bool(found) and all(value in str(found[0][name]) for name, value in wanted.items())

        await until(so, f"recording {number} is {wanted}", 45, lambda: f"{found}\n{self.hotline.log()}")
        return found[0]

    async def health(self, name: str, *, ok: bool) -> str:
        """What a part of it says, once it is so."""
        found: list[str] = []

        async def so() -> bool:
            status, told = await self.hotline.probe("readyz")
            assert status == 200, "calls are served"
            found[:] = [c["detail"] for c in told["conditions"] if c["name"] == name and c["ok"] is ok]
            return bool(found)

        await until(so, f"{name} is {ok}", 30, self.hotline.log)
        return found[0]

    async def both_are_in(self, recording: dict[str, Any]) -> None:
        """It plays, and each side is on its own channel."""
        url = f"{self.hotline.web}/recordings/{recording['id']}/audio"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert answer.status == 200, await answer.text()
            sound = await answer.read()
        both = np.concatenate(list(decoded(io.BytesIO(sound), RATE_HZ)))
        assert strength(both[:, 0], 1000) > 0.8
        assert strength(both[:, 1], 600) > 0.8


async def test_a_disk_is_full_while_they_talk(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "line.yaml").write_text(FLOW.replace("MAX_WAIT", "2m"))
    (flows / "unknown-number.yaml").write_text(UNKNOWN)
    changes = {
        "flows": "flows",
        "numbers": {"100": "line"},
        "campaigns": ["callbacks"],
        "agents": {"anna": {"sip": {"password": PASSWORDS["anna"]}}},
        "queues": {"orders": {"agents": ["anna"], "ring": "20s", "wrap_up": "1s"}},
        "recording": {"talks": "always", "transcripts": False},
    }
    program = on_small_disks(KEPT, RAW, command=COMMAND)
    with take_ports() as ports:
        hotline = RunningHotline(tmp_path, ports, changes, program=program)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(hotline.stop)
            await hotline.start()
            floor = Floor(hotline, ports, stack)
            scene = Scene(floor, await floor.phone("anna"))
            await where_recordings_are_kept(scene)
            calls = await where_asterisk_writes(scene)
    cut, whole = calls[1]["events"], calls[0]["events"]
    (trouble,) = [event["data"] for event in cut if event["kind"] == "trouble"]
    assert "full; make room there." in trouble["detail"]
    assert not [event for event in whole if event["kind"] == "trouble"]


async def where_recordings_are_kept(scene: Scene) -> None:
    """The recording waits, and says for what."""
    caller = await scene.talk(0)
    scene.kept.fill()
    await hear_each_other(caller, scene.anna)
    scene.anna.hang_up()
    waiting = await scene.recorded({"state": "running", "detail": "No space left on device"}, 1)
    assert "make room on that disk" in waiting["detail"]
    assert waiting["id"] in await scene.health("recordings", ok=False)
    assert {path.name for path in scene.kept.path.rglob("*") if path.is_file()} == {"filler"}
    assert len(list(scene.raw.path.glob(f"{waiting['id']}.*.raw"))) == 2
    scene.kept.make_room()


async def where_asterisk_writes(scene: Scene) -> list[dict[str, Any]]:
    """The recording is cut short, and the next one is whole."""
    caller = await scene.talk(1)
    await hear_each_other(caller, scene.anna)
    scene.raw.fill()
    told = asyncio.create_task(scene.health("room for recordings", ok=False))
    while not told.done():
        await hear_each_other(caller, scene.anna)
    assert str(scene.hotline.folder / RAW) in await told
    cut = await scene.recorded({"state": "kept", "detail": "It is cut short after"}, 2)
    await hear_each_other(caller, scene.anna)
    await scene.both_are_in(cut)
    # The one before waited for room among the recordings, where there is some again.
    before = await scene.recorded({"state": "kept", "detail": "None"}, 1)
    await scene.both_are_in(before)
    scene.raw.make_room()
    await scene.health("room for recordings", ok=True)
    scene.anna.hang_up()
    await scene.talk(3)
    scene.anna.hang_up()
    whole = await scene.recorded({"state": "kept", "detail": "None"}, 3)
    await scene.both_are_in(whole)
    calls = await scene.floor.served(3)
    assert list(scene.raw.path.iterdir()) == []
    return calls
