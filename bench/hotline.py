"""The hotline under load: `infolinia run` in a folder of its own, with the flows that the bench dials."""

from __future__ import annotations

import sqlite3
import sys
import time
import wave
from asyncio import sleep
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from infolinia.setup.inventory import find_parts
from speech.recorded_prompts import recording_name
from tests.house import Ports
from tests.running import COMMAND, RunningHotline

IDLE, PLAYED, SPOKEN = "idle", "played", "spoken"
"""Numbers of the flows. `{dialled|digits}` is nothing to say, as they hold no digits."""
PROMPT_SECONDS = 4.8
_PROMPT = "bench-prompt"
_SENTENCE = "A sentence of five seconds, recorded."
_ROWS_LIMIT_SECONDS = 20.0

_HEAD = """\
flow: {name}
languages: [{language}]
always: {{agent: bye, trouble: bye}}
start: {start}
steps:
  bye: {{hangup: normal}}
"""
_STEPS = {
    "prompt": f"  prompt: {{play: {{file: {_PROMPT}, interrupt: false}}, next: wait}}",
    "wait": '  wait: {menu: {prompt: "{dialled|digits}", wait: 60s, choices: {9: {next: wait}}},'
    " otherwise: bye}",
    "talk": f"  talk: {{menu: {{prompt: '{_SENTENCE}', wait: 60s, choices: {{9: {{next: talk}}}}}},"
    " otherwise: bye}",
}
# Polish has no recogniser here, so that the first two listen to keys only and open no media socket.
_FLOWS = {IDLE: ("pl", ("wait",)), PLAYED: ("pl", ("prompt", "wait")), SPOKEN: ("en", ("talk",))}
_UNKNOWN = """\
flow: unknown-number
languages: [en]
always: {agent: bye, trouble: bye}
start: bye
steps:
  bye: {hangup: normal}
"""


@asynccontextmanager
async def hotline_under_load(
    folder: Path, ports: Ports, rtp: str, *, deaf: bool
) -> AsyncIterator[RunningHotline]:
    """A ready hotline for calls in bulk. `deaf`: its recogniser takes all audio and understands nothing."""
    speech = spoken_seconds(PROMPT_SECONDS)
    _write_wav(folder / "prompts" / "pl" / f"{_PROMPT}.wav", speech)
    _write_wav(folder / "prompts" / "en" / f"{recording_name(_SENTENCE)}.wav", speech)
    flows = {}
    for name, (language, steps) in _FLOWS.items():
        text = _HEAD.format(name=name, language=language, start=steps[0])
        flows[name] = text + "".join(f"{_STEPS[step]}\n" for step in steps)
    program = (sys.executable, "-m", "bench.deaf_hotline") if deaf else (COMMAND,)
    async with ready_hotline(folder, ports, rtp, flows, program) as hotline:
        yield hotline


@asynccontextmanager
async def ready_hotline(
    folder: Path,
    ports: Ports,
    rtp: str,
    flows: Mapping[str, str],
    program: Sequence[str] = (COMMAND,),
    more: Mapping[str, Any] | None = None,
) -> AsyncIterator[RunningHotline]:
    """`infolinia run` in `folder`; each of `flows` (name -> text) is served at the number of its name.

    `more`: further settings of its configuration.
    """
    (folder / "flows").mkdir(parents=True)
    for name, text in {**flows, "unknown-number": _UNKNOWN}.items():
        (folder / "flows" / f"{name}.yaml").write_text(text, encoding="utf-8")
    changes = {
        "flows": str(folder / "flows"),
        "prompts": str(folder / "prompts"),
        "numbers": {name: name for name in flows},
        "sip": {"rtp": rtp},
        **(more or {}),
    }
    environment = {"INFOLINIA_DATABASE": "", "PYTHONPATH": str(Path(__file__).parents[1])}
    hotline = RunningHotline(folder, ports, changes, environment, program)
    try:
        await hotline.start()
        yield hotline
    finally:
        await hotline.stop()


def database(hotline: RunningHotline) -> sqlite3.Connection:
    """Its history, for reading."""
    file = hotline.folder / "v" / "infolinia.db"
    return sqlite3.connect(f"file:{file}?mode=ro", uri=True)


def spoken_seconds(seconds: float) -> bytes:
    """A person speaking without pause, 8 kHz s16le: recorded prompts, one behind the other."""
    wanted = round(seconds * 8000) * 2
    spoken = b""
    for file in ("vm-nobodyavail", "vm-intro", "vm-goodbye", "demo-thanks", "demo-instruct"):
        with wave.open(str(find_parts().sounds_dir / "en" / f"{file}.wav")) as source:
            spoken += source.readframes(source.getnframes())
        if len(spoken) >= wanted:
            break
    return spoken[:wanted]


def played_file(hotline: RunningHotline) -> Path:
    """The file that Asterisk plays for the engine, without extension: the longest of its prompts."""
    files = (hotline.folder / "v" / "prompts").rglob("*.sln")
    return max(files, key=lambda file: file.stat().st_size).with_suffix("")


def _rows(hotline: RunningHotline) -> int:
    """Rows in the contact history."""
    with closing(
        sqlite3.connect(f"file:{hotline.folder / 'v' / 'infolinia.db'}?mode=ro", uri=True)
    ) as database:
        (count,) = database.execute("select count(*) from interactions").fetchone()
        return int(count)


async def rows_written(hotline: RunningHotline, count: int) -> int:
    """Wait within a limit until the history holds `count` rows; returns how many it holds."""
    limit = time.monotonic() + _ROWS_LIMIT_SECONDS
    found = _rows(hotline)
    while found < count and time.monotonic() < limit:
        await sleep(0.2)
        found = _rows(hotline)
    return found


def _write_wav(path: Path, audio: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(audio)
