"""The whole API under schemathesis: whatever is sent brings no failure, and no answer but those promised."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.api.operation import Operation
from tests.api.serving import RunningApi

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SETTINGS = Path(__file__).with_name("schemathesis.toml")
LIMIT_SECONDS = 150
EXAMPLES = 4
# Not asked: that all that fits the schema is taken. Cursors, versions, passwords and the like are more than
# their form.
UNASKED = "positive_data_acceptance"


async def attack(api: RunningApi, folder: Path, left_out: Sequence[Operation] = ()) -> tuple[int, str]:
    """Exit code and report."""
    authorization = api.token(id="schemathesis").headers["Authorization"]
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS,
        *("--config-file", SETTINGS, "run", f"{api.url}/api/openapi.json", "--url", f"{api.url}/api/v1"),
        *("--header", f"Authorization: {authorization}", "--exclude-checks", UNASKED),
        *("--max-examples", str(EXAMPLES), "--seed", "4", "--generation-database", "none"),
        *("--suppress-health-check", "all", "--no-color", "--warnings", "off"),
        *(part for operation in left_out for part in ("--exclude-operation-id", operation.name)),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            report, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, report.decode()


def endless(api: RunningApi) -> list[Operation]:
    return [o for o in api.api.operations if "text/event-stream" in o.answer_types]


@pytest.mark.timeout(LIMIT_SECONDS + 30)
async def test_the_api_keeps_its_promises(api: RunningApi, tmp_path: Path) -> None:
    code, report = await attack(api, tmp_path, endless(api))
    assert code == 0, report
    tested = re.search(r"Tested: (\d+)", report)
    assert tested is not None
    assert int(tested[1]) == len(api.api.operations) - len(endless(api)), report


@pytest.mark.timeout(LIMIT_SECONDS + 30)
async def test_a_broken_promise_would_be_seen(thing_api: RunningApi, tmp_path: Path) -> None:
    broken = [o for o in thing_api.api.operations if o.name != "fail"]
    code, report = await attack(thing_api, tmp_path, broken)
    assert code != 0
    assert "Server error" in report
