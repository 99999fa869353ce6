"""Talks on a real Asterisk are recorded: what each said is on its own channel, encrypted, and checked."""

from __future__ import annotations

import io
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from store.recordings.transcoding import RATE_HZ, Samples, decoded
from tests.hotline.test_queue_live import FLOW, PASSWORDS, UNKNOWN, Floor, hear_each_other, one
from tests.house import take_ports
from tests.phone import SipPhone
from tests.running import RunningHotline, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

# Silence consents, and the talk may be recorded.
AGREE = """steps:
  agree:
    consent: {to: recording, refuse: 9, wait: 1s, prompt: {en: "Calls are recorded. Press 9 if you mind."}}
    next: agents
    refused: agents
"""


def strength(samples: Samples, hertz: float) -> float:
    """How much of the loudest half second is this tone, 0 to 1."""
    best = 0.0
    for start in range(0, max(1, len(samples) - RATE_HZ // 2), RATE_HZ // 4):
        piece = samples[start : start + RATE_HZ // 2].astype(np.float64)
        if np.abs(piece).mean() < 100:
            continue
        power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), RATE_HZ)) ** 2
        around = round(hertz)
        best = max(best, float(power[around - 8 : around + 9].sum() / power.sum()))
    return best


# The program, which dies as by kill -9 in the moment of a talk's first sound, once there is a file `die`.
DYING = """
import asyncio, os, pathlib, signal
from asterisk.control import AsteriskControl
from infolinia.entry import main

begin = AsteriskControl.record_talk

async def begin_and_die(self, channel_id, recording_id):
    files = await begin(self, channel_id, recording_id)
    if pathlib.Path("die").exists():
        os.unlink("die")
        while not pathlib.Path(files.heard).exists():
            await asyncio.sleep(0.001)
        os.kill(os.getpid(), signal.SIGKILL)
    return files

AsteriskControl.record_talk = begin_and_die
main()
"""


async def test_a_talk_whose_caller_agreed_is_recorded_and_given_out(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    flow = (
        FLOW.replace("MAX_WAIT", "2m").replace("start: agents", "start: agree").replace("steps:\n", AGREE, 1)
    )
    (flows / "line.yaml").write_text(flow)
    (flows / "unknown-number.yaml").write_text(UNKNOWN)
    changes = {
        "flows": "flows",
        "numbers": {"100": "line"},
        "campaigns": ["callbacks"],
        "agents": {"anna": {"sip": {"password": PASSWORDS["anna"]}}},
        "queues": {"orders": {"agents": ["anna"], "ring": "20s", "wrap_up": "1s"}},
        "recording": {"language": "en", "transcripts": False},
    }
    with take_ports() as ports:
        hotline = RunningHotline(tmp_path, ports, changes, program=(sys.executable, "-c", DYING))
        async with AsyncExitStack() as stack:
            stack.push_async_callback(hotline.stop)
            await hotline.start()
            house = Floor(hotline, ports, stack)
            anna = await house.phone("anna", "answers")
            caller = await house.caller()
            await anna.until(lambda: anna.talking)
            await hear_each_other(caller, anna)
            anna.hang_up()
            (row,) = [row for row in await house.served(1) if row["channel"] == "call"]

            async def there() -> bool:
                return hotline.recordings()[0]["state"] == "kept"

            await until(there, "the recording is kept", 60, hotline.log)
            _, listed, _ = await hotline.run("recordings", "list", "--json")
            recording = json.loads(listed)
            _, verified, _ = await hotline.run("recordings", "verify")
            sound = tmp_path / "talk.flac"
            await hotline.run("recordings", "export", recording["id"], "--to", str(sound))
            await killed_at_the_first_sound(house, anna)
    assert one(row, "recording_started") == {"recording": recording["id"], "basis": "consent"}
    assert "1 recordings, 0 damaged or lost." in verified
    assert (recording["agent"], recording["basis"], recording["detail"]) == ("anna", "consent", None)
    both = np.concatenate(list(decoded(io.BytesIO(sound.read_bytes()), RATE_HZ)))
    agent, customer = both[:, 0], both[:, 1]
    assert strength(agent, 1000) > 0.8
    assert strength(customer, 600) > 0.8
    assert strength(agent, 600) < 0.1
    assert strength(customer, 1000) < 0.1
    assert not list((tmp_path / "v").rglob("*.raw")), "nothing of it is left unencrypted"


async def killed_at_the_first_sound(house: Floor, anna: SipPhone) -> None:
    """The next engine knows of the recording, and keeps it; what nobody knows of is deleted as it starts."""
    hotline = house.hotline
    (hotline.folder / "die").touch()
    caller = await house.caller(1)
    await hotline.ended(40)
    (row,) = hotline.recordings()[1:]
    assert (row["state"], row["basis"]) == ("running", "consent")
    stray = Path(row["raw"]).with_name("unknown.rec.1.said.raw")
    stray.write_bytes(bytes(16_000))
    await hotline.start()
    await hear_each_other(caller, anna)
    anna.hang_up()

    async def kept() -> bool:
        return hotline.recordings()[1]["state"] == "kept" and not stray.exists()

    await until(kept, "it is kept", 60, hotline.log)
    kept_row = hotline.recordings()[1]
    assert kept_row["seconds"] > 1
    rows = await house.served(2)
    assert one(rows[0], "recording_started")["recording"] == kept_row["id"]
    assert one(rows[0], "recording_ended")["recording"] == kept_row["id"]
