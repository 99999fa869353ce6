"""SIPp as a caller: one scenario of tests/sipp/, run to its end within a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infolinia.setup.inventory import find_parts
from tests.patience import patient

_SCENARIOS = Path(__file__).parent / "sipp"


@dataclass(frozen=True, slots=True)
class SippResult:
    """`ok`: every call went as the scenario says. `output` is SIPp's screen and its error file."""

    ok: bool
    output: str


async def run_sipp(
    scenario: str,
    *,
    folder: Path,
    sip_port: int,
    local_port: int,
    audio_port: int,
    number: str = "100",
    caller: str = "48220000011",
    caller_name: str = "Caller",
    local_ip: str = "127.0.0.1",
    stay_seconds: float = 1.0,
    calls: int = 1,
    rate: int = 1,
    limit_seconds: float = 30.0,
    keys: Mapping[str, str] | None = None,
) -> SippResult:
    """Run `tests/sipp/<scenario>.xml` against 127.0.0.1:`sip_port`.

    `audio_port` goes into the SDP: nobody listens there unless the test does (tests.rtp).
    `keys` are further [words] of the scenario.
    """
    limit = patient(limit_seconds)
    words = {"caller": caller, "caller_name": caller_name, "audio_port": str(audio_port), **(keys or {})}
    errors = folder / f"sipp-{scenario}-{local_port}.errors"
    argv = [
        *find_parts().sipp_argv,
        f"127.0.0.1:{sip_port}",
        *("-sf", str(_SCENARIOS / f"{scenario}.xml"), "-s", number),
        *("-i", local_ip, "-p", str(local_port), "-mi", local_ip, "-mp", str(audio_port + 2)),
        *("-m", str(calls), "-r", str(rate), "-d", str(round(stay_seconds * 1000))),
        *("-timeout", f"{limit:g}s", "-timeout_error", "-nostdin", "-trace_err"),
        *("-error_file", str(errors)),
    ]
    for word, value in words.items():
        argv += ["-key", word, value]
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), limit + patient(5))
    except (TimeoutError, asyncio.CancelledError):
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    text = output.decode(errors="replace")[-3000:]
    if errors.exists():
        text += errors.read_text(errors="replace")[-3000:]
    return SippResult(process.returncode == 0, text)
