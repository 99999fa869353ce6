"""SIPp as a crowd of callers: a stated number of calls at a stated rate, and what became of them."""

from __future__ import annotations

import asyncio
import csv
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infolinia.setup.inventory import find_parts

_SCENARIOS = Path(__file__).parent / "sipp"
_GRACE_SECONDS = 20.0  # for calls that are answered late, and for SIPp to end


@dataclass(frozen=True, slots=True)
class Load:
    """`calls` calls of `call_seconds` each, `calls_per_second` of them placed each second, to `number`."""

    scenario: str
    number: str
    calls: int
    calls_per_second: int
    call_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`answer_ms`: INVITE to 200 OK of each answered call. `reached`: answers a second while calls came."""

    completed: int
    failed: int
    retransmissions: int
    reached: float
    answer_ms: tuple[float, ...]


class LoadFailed(Exception):
    """SIPp did not run to its end; the text holds its last words."""


async def place(
    load: Load, *, sip_port: int, local_port: int, media_port: int, audio: bytes = b""
) -> LoadResult:
    """Place the calls and wait until all have ended.

    `audio` (A-law) is what a talking caller sends, again and again. `media_port`: the first of SIPp's.
    """
    limit_seconds = load.calls / load.calls_per_second + load.call_seconds + _GRACE_SECONDS
    with tempfile.TemporaryDirectory(prefix="bench-sipp-") as name:
        folder = Path(name)
        (folder / "audio.alaw").write_bytes(audio)  # SIPp looks beside the scenario
        scenario = shutil.copy(_SCENARIOS / f"{load.scenario}.xml", folder)
        argv = [
            *find_parts().sipp_argv,
            f"127.0.0.1:{sip_port}",
            *("-sf", str(scenario), "-s", load.number),
            *("-i", "127.0.0.1", "-p", str(local_port), "-mi", "127.0.0.1"),
            *("-min_rtp_port", str(media_port), "-max_rtp_port", str(media_port + 3999)),
            *("-m", str(load.calls), "-r", str(load.calls_per_second), "-l", str(load.calls)),
            *("-d", str(round(load.call_seconds * 1000)), "-recv_timeout", "10000"),
            *("-timeout", f"{limit_seconds:.0f}s", "-nostdin", "-trace_err", "-error_file", "errors"),
            *("-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-stf", "totals.csv", "-fd", "1"),
        ]
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
        )
        try:
            _, said = await asyncio.wait_for(process.communicate(), limit_seconds + 5)
        except (TimeoutError, asyncio.CancelledError):
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        return _result(folder, load, said.decode(errors="replace"))


def _result(folder: Path, load: Load, said: str) -> LoadResult:
    totals = _rows(folder / "totals.csv")
    if not totals:
        errors = folder / "errors"
        raise LoadFailed(said[-500:] + (errors.read_text(errors="replace")[-500:] if errors.exists() else ""))
    last = totals[-1]
    times: list[tuple[float, float]] = []
    for file in folder.glob("*_rtt.csv"):
        times += [(float(row["Date_ms"]), float(row["response_time_ms"])) for row in _rows(file)]
    times.sort()
    completed = int(last["SuccessfulCall(C)"])
    return LoadResult(
        completed=completed,
        failed=load.calls - completed,
        retransmissions=int(last["Retransmissions(C)"]),
        reached=_rate([at for at, _ in times]),
        answer_ms=tuple(milliseconds for _, milliseconds in times),
    )


def _rate(at_ms: Sequence[float]) -> float:
    """Answers a second between the first and the last."""
    if len(at_ms) < 2 or at_ms[-1] == at_ms[0]:
        return 0.0
    return (len(at_ms) - 1) * 1000 / (at_ms[-1] - at_ms[0])


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        return list(csv.DictReader(file, delimiter=";"))
