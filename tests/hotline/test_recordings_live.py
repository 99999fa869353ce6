"""A talk on a real Asterisk is recorded: what each said is on its own channel, encrypted, and checked."""

from __future__ import annotations

import io
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from store.recordings.transcoding import RATE_HZ, Samples, decoded
from tests.hotline.test_queue_live import FLOW, PASSWORDS, UNKNOWN, Floor, hear_each_other, one
from tests.house import take_ports
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
        hotline = RunningHotline(tmp_path, ports, changes)
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
            kept: list[dict[str, Any]] = []

            async def there() -> bool:
                _, told, _ = await hotline.run("recordings", "list", "--json")
                kept[:] = [json.loads(line) for line in told.splitlines()]
                return bool(kept) and kept[0]["state"] == "kept"

            await until(there, "the recording is kept", 60)
            (recording,) = kept
            _, verified, _ = await hotline.run("recordings", "verify")
            sound = tmp_path / "talk.flac"
            await hotline.run("recordings", "export", recording["id"], "--to", str(sound))
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
