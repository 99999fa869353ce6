"""People's voices over the telephone: a whole hotline, a real Asterisk, recordings of a woman and a man."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from infolinia.setup.inventory import find_parts
from tests.hotline.human_voice import (
    DIGITS,
    WORDS,
    day_menu,
    last_group,
    number_question,
    silence,
    word,
    write_flows,
    write_wav,
)
from tests.house import take_ports
from tests.patience import patient
from tests.rtp import RtpParty, rtp_party
from tests.running import COMMAND, RunningHotline, running, until
from tests.sipp import run_sipp

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("human-speech"),
]
THANKS = {"say": {"en": "Thank you."}, "next": "bye"}
BY_TELEPHONE, DICTATED, TALKATIVE = "100", "101", "102"
FLOWS = {
    BY_TELEPHONE: {"day": day_menu("number"), "number": number_question(5, "thanks"), "thanks": THANKS},
    DICTATED: {"number": number_question(15, "thanks"), "thanks": THANKS},
    TALKATIVE: {"day": day_menu("thanks", "which day would you like " * 12), "thanks": THANKS},
}
# What is under way in Asterisk and in the sockets is still heard.
STOPS_WITHIN_SECONDS = 0.3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("human-speech")
    changes = write_flows(folder, FLOWS)
    with take_ports(29000, 30000) as ports:
        async with running(folder, ports, **changes) as hotline:
            yield hotline


@asynccontextmanager
async def telephone(hotline: RunningHotline, number: str, caller: str) -> AsyncIterator[RtpParty]:
    """A call by SIP and G.711, from its first sound to the hotline's hanging up."""
    ports = hotline.ports
    async with rtp_party(ports.spare(2)) as party:
        call = asyncio.create_task(
            run_sipp(
                "patient",
                folder=hotline.folder,
                sip_port=ports.sip,
                local_port=ports.spare(0),
                audio_port=ports.spare(2),
                number=number,
                caller=caller,
                limit_seconds=60,
            )
        )
        try:
            yield party
            result = await call
            assert result.ok, result.output
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)


async def heard_out(party: RtpParty, hotline: RunningHotline) -> None:
    """Until the hotline has said something since the last time, and paused."""
    loop = asyncio.get_running_loop()
    party.loud_at.clear()

    async def pause() -> bool:
        return len(party.loud_at) > 10 and loop.time() - party.loud_at[-1] > 0.5

    await until(pause, "the hotline has said something", 20, hotline.log)


async def say(party: RtpParty, *pieces: bytes) -> None:
    await party.say(np.frombuffer(b"".join(pieces), dtype=np.int16))


async def row_of(hotline: RunningHotline, caller: str) -> dict[str, Any]:
    """The history's row of a caller."""
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        rows = await hotline.history()
        found[:] = [row for row in rows if row["contact_points"][0]["value"] == caller]
        return bool(found)

    await until(there, f"a row of {caller}", 30, hotline.log)
    return found[0]


def told(row: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in row["events"] if event["kind"] == kind]


def values(row: dict[str, Any]) -> dict[str, object]:
    return {data["name"]: data["value"] for data in told(row, "value_set")}


async def test_a_woman_and_a_man_are_understood_by_g711(hotline: RunningHotline) -> None:
    async with telephone(hotline, BY_TELEPHONE, "48220000021") as party:
        await heard_out(party, hotline)
        await say(party, silence(0.3, 8000), word("digits/tomorrow", 8000), silence(0.6, 8000))
        await heard_out(party, hotline)
        await say(party, silence(0.3, 8000), last_group(8000), silence(1.2, 8000))
    row = await row_of(hotline, "+48220000021")
    assert told(row, "received")[0]["wideband"] is False
    assert row["heard"] == ["tomorrow", "zero one eight zero three"]
    assert values(row) == {"day": "tomorrow", "number": DIGITS[-5:]}
    assert row["path"] == ["day", "number", "thanks", "bye"]
    assert row["outcome"] == "completed"


async def test_simulated_callers_with_and_without_wideband(hotline: RunningHotline, tmp_path: Path) -> None:
    day = write_wav(tmp_path / "day.wav", word("digits/today", 8000), 8000)
    transcripts = await asyncio.gather(
        simulated(hotline, DICTATED, "+48220000022", find_parts().digits_recording),
        simulated(hotline, TALKATIVE, "+48220000023", day, "--narrowband"),
    )
    wide = await row_of(hotline, "+48220000022")
    assert told(wide, "received")[0]["wideband"] is True
    assert values(wide) == {"number": DIGITS}
    assert wide["outcome"] == "completed"
    assert "caller   plays day.wav" in transcripts[1]
    narrow = await row_of(hotline, "+48220000023")
    assert told(narrow, "received")[0]["wideband"] is False
    assert narrow["heard"] == ["today"]
    assert values(narrow) == {"day": "today"}


async def simulated(hotline: RunningHotline, number: str, caller: str, file: Path, *more: str) -> str:
    """The transcript of a call in which the file is played."""
    script = ("--script", f"play {file}", "--from", caller)
    _, transcript, _ = await hotline.run("call", number, *script, *more, limit_seconds=90)
    return transcript


async def test_the_hotline_is_silent_as_soon_as_the_caller_speaks(hotline: RunningHotline) -> None:
    loop = asyncio.get_running_loop()
    async with telephone(hotline, TALKATIVE, "48220000024") as party:

        async def prompted() -> bool:
            return len(party.loud_at) > 70

        await until(prompted, "the prompt has begun", 20, hotline.log)
        await say(party, word("digits/yesterday", 8000), silence(0.6, 8000))
    row = await row_of(hotline, "+48220000024")
    assert row["heard"] == ["yesterday"]
    (stopped,) = (
        event for event in row["events"] if event["kind"] == "said" and event["data"]["interrupted"]
    )
    (heard,) = (event for event in row["events"] if event["kind"] == "heard")
    since_1970 = time.time() - loop.time()
    noticed_at, heard_at = (
        datetime.fromisoformat(event["at"]).timestamp() - since_1970 for event in (stopped, heard)
    )
    before = [at for at in party.loud_at if at < noticed_at]
    assert noticed_at - before[-1] < patient(STOPS_WITHIN_SECONDS)  # it was speaking
    last = max(at for at in party.loud_at if at < heard_at)
    assert last - noticed_at < patient(STOPS_WITHIN_SECONDS)
    assert heard_at - noticed_at > 2 * STOPS_WITHIN_SECONDS
    assert last - noticed_at < (heard_at - noticed_at) / 2  # or the answer stopped it, not the speech


async def test_recordings_through_the_command(tmp_path: Path) -> None:
    files = [
        str(write_wav(tmp_path / f"{said}-{rate}.wav", word(name, rate), rate))
        for name, said in WORDS.items()
        for rate in (8000, 16000)
    ]
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("\n".join([*WORDS.values(), "next week", "never"]))
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "speech", "recognize", "--language", "en", "--phrases", str(phrases), *files),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    output, errors = await asyncio.wait_for(process.communicate(), patient(60))
    assert process.returncode == 0, errors.decode()
    lines = [json.loads(line) for line in output.splitlines()]
    assert [list(line) for line in lines] == [["file", "text", "confidence", "seconds", "cpu_seconds"]] * 6
    assert [line["file"] for line in lines] == files
    assert [line["text"] for line in lines] == [said for said in WORDS.values() for _ in range(2)]
    assert all(0.4 < line["confidence"] <= 1 and line["cpu_seconds"] > 0 for line in lines)
