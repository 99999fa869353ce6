"""An SMSC for a test: tests/smpp/smsc.js, which is the npm package smpp as a server, with faults.

`faults` is a dict, all of it optional:
- `script`: what to do with each next submit_sm, in order; `every`: [{"n": 7, ...}] for each seventh; `to`:
  {"48600000001": ...} by recipient. An action is {"status": 0x58}, {"delay_ms": 300}, {"silent": True}
  (accepted, never answered), {"drop": "unheard"} (the connection is cut and the message is not taken) or
  {"drop": "heard"} (taken, then cut), and may hold {"receipt": {...}} or {"receipt": False}.
- `per_second`: more are throttled. `delay_ms`: of every answer. `deaf`: a bind is not answered. `lifeless`:
  enquire_link is not. `bind_status`. `deliver_window`: unconfirmed deliveries at once.
- `receipts`: False for none, or {"state": "UNDELIV", "error": "0A1", "delay_ms": 50, "form": "text" | "tlv" |
  "both", "missing_every": 5, "twice_every": 3, "backwards": 10, "reference": False}.
- `ids`: "decimal_of_hex" or "hex_of_decimal", as in channels.smpp.settings.ReceiptIds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from infolinia.setup.host_packages import find_node
from infolinia.setup.inventory import find_parts
from tests.patience import patient

SYSTEM_ID = "infolinia"
PASSWORD = "secret-8"
_SCRIPT = Path(__file__).parent / "smpp" / "smsc.js"
_LINE_BYTES = 1024 * 1024
_references = itertools.count(1)


class Smsc:
    """A running SMSC. Its commands answer within a limit of time."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)

    async def faults(self, **faults: Any) -> None:
        """From now on these, and no others."""
        await self.do("faults", faults=faults)

    async def log(self) -> list[dict[str, Any]]:
        """Every submit_sm that came, in order. `status` 0: accepted; -1: cut off, not taken."""
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            await self.do("log", path=file.name)
            rows: list[dict[str, Any]] = json.load(file)
            return rows

    async def counts(self) -> dict[str, int]:
        """`submits`, `accepted`, `waiting` (not confirmed by the client yet), `receipted`, `sessions`."""
        counts: dict[str, int] = await self.do("counts")
        return counts

    async def until(self, there: Callable[[dict[str, int]], bool], what: str, seconds: float = 10.0) -> None:
        """Ask for the counts until they are so."""
        counts = {}
        try:
            async with asyncio.timeout(patient(seconds)):
                while not there(counts := await self.counts()):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{what} did not come: {counts}") from None

    async def deliver(self, *pdus: Mapping[str, Any], once: bool = False) -> list[list[int]]:
        """Send these deliver_sm until each is confirmed, or once. With what statuses each was answered."""
        answers: list[list[int]] = await self.do("deliver", pdus=list(pdus), once=once)
        return answers

    async def write(
        self, from_: str, to: str, text: str, *, how: str = "udh8", once: bool = False
    ) -> list[list[int]]:
        """A person's text to the client, cut as `how` says: udh8, udh16, sar or payload."""
        return await self.deliver(*parts_of(from_, to, text, how), once=once)

    async def do(self, command: str, **given: Any) -> Any:
        assert self.process.stdin is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"id": number, "do": command, **given}).encode() + b"\n")
        async with asyncio.timeout(patient(20)):
            return await answer

    async def read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            told = json.loads(line)
            answer = self._answers.pop(told["id"])
            if "error" in told:
                answer.set_exception(AssertionError(told["error"]))
            else:
                answer.set_result(told["value"])


def parts_of(from_: str, to: str, text: str, how: str) -> list[dict[str, Any]]:
    """The deliver_sm of a text in UCS-2, as many as it takes."""
    ends = {"source_addr": from_, "source_addr_ton": 1, "source_addr_npi": 1, "destination_addr": to}
    common: dict[str, Any] = {
        **ends,
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "data_coding": 8,
        "esm_class": 0,
    }
    content = text.encode("utf-16-be")
    if how == "payload":
        return [{**common, "short_message": "", "message_payload": {"message": text}}]
    if len(content) <= 140:
        return [{**common, "hex": content.hex()}]
    pieces = [content[start : start + 132] for start in range(0, len(content), 132)]
    reference, pdus = next(_references), []
    for number, piece in enumerate(pieces, 1):
        place = bytes((len(pieces), number))
        match how:
            case "udh8":
                header = b"\x05\x00\x03" + bytes((reference & 0xFF,)) + place
            case "udh16":
                header = b"\x06\x08\x04" + reference.to_bytes(2, "big") + place
            case _:
                numbers = {"sar_msg_ref_num": reference, "sar_total_segments": len(pieces)}
                pdus.append({**common, **numbers, "sar_segment_seqnum": number, "hex": piece.hex()})
                continue
        pdus.append({**common, "esm_class": 0x40, "hex": (header + piece).hex()})
    return pdus


@asynccontextmanager
async def running_smsc(
    port: int = 0, *, system_id: str = SYSTEM_ID, password: str = PASSWORD, **faults: Any
) -> AsyncIterator[Smsc]:
    """An SMSC at 127.0.0.1; port 0 takes a free one, which is then `smsc.port`."""
    node, modules = find_node(), find_parts().smsc_modules_dir
    assert node is not None, "run `make setup-tests`"
    assert modules is not None, "run `make setup-tests`"
    options = {"port": port, "system_id": system_id, "password": password, "faults": faults}
    process = await asyncio.create_subprocess_exec(
        *(str(node), str(_SCRIPT), json.dumps(options)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"NODE_PATH": str(modules), "PATH": os.environ["PATH"]},
        limit=_LINE_BYTES,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    reading: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(patient(20)):
            first = json.loads(await process.stdout.readline())
        assert "listening" in first, first
        smsc = Smsc(process, first["listening"])
        reading = asyncio.get_running_loop().create_task(smsc.read())
        yield smsc
    finally:
        if process.returncode is None:
            process.stdin.close()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if reading is not None:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


def texts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was accepted, in order."""
    return [row["text"] for row in rows if row["status"] == 0]
