"""The shipped flows on a real Asterisk: their company, a caller with a script, and the same rehearsed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from aiohttp import web

from infolinia.configuration import load_configuration
from infolinia.flows.files import read_flow
from infolinia.flows.testing import rehearsal_surroundings
from ivr.rehearsal.rehearsal import Rehearsal, Rehearsed
from ivr.rehearsal.script import Act, Answer, Dials, Given, Reaches, Says, Waits
from speech.voices import DEFAULT_VOICES
from tests.house import Ports
from tests.rtp import RtpParty, rtp_party
from tests.running import ROOT, RunningHotline, until
from tests.sipp import run_sipp

WHOLESALER, CLINIC, DEBT_LINE = "101", "102", "103"
PASSWORD = "a password of the tests"
SLOW_SECONDS = 6.0
STEP_SECONDS = 45.0  # the longest prompt and a machine with much else to do
CALL_SECONDS = 150.0

# What the conversation decided; HEARD and SAID are about voices.
DECISIONS = (
    "step_entered",
    "language_chosen",
    "understood",
    "not_understood",
    "value_set",
    "work_done",
)
# Of a voice, and names of recordings.
_OTHERWISE = ("confidence", "attempt")


@dataclass
class Company:
    """The company's three services. `manners`: path -> "slow", "garbage" or "strange" (another JSON)."""

    slots: list[dict[str, str]]
    due: str
    manners: Mapping[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def order(self) -> dict[str, Any]:
        return {"status": "sent", "parcels": 2, "slots": self.slots}

    @property
    def debt(self) -> dict[str, Any]:
        return {"id": "F-2026-17", "amount": "312.50", "due": self.due}

    async def answer(self, request: web.Request) -> web.Response:
        body = json.loads(await request.text() or "null")
        self.seen.append((request.method, request.raw_path, body))
        match self.manners.get(request.path):
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case "garbage":
                return web.Response(text="<html>Sorry!", content_type="text/html")
            case "strange":
                return web.json_response(["sent"])
        match request.method, request.path.split("/")[1]:
            case "GET", "orders":
                return web.json_response(self.order)
            case "GET", "free":
                return web.json_response({"slots": self.slots})
            case "GET", "debts":
                return web.json_response(self.debt)
            case "POST", "visits":
                return web.json_response({"number": "40512"})
        return web.json_response({})

    @asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[Company]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield self
        finally:
            await runner.cleanup()


QUICK = 400  # words a minute


def settings(web_port: int, *, hours: str = "24h") -> dict[str, Any]:
    """Of the example configuration, with services of this machine and hours that do not hang on the day."""
    text = (ROOT / "infolinia.example.yaml").read_text().replace("password: change", f"password: {PASSWORD}")
    example: dict[str, Any] = yaml.safe_load(text)
    example["hours"] = {name: {"mon-sun": hours} for name in example["hours"]}
    example["services"] = {name: {"url": f"http://127.0.0.1:{web_port}"} for name in example["services"]}
    # Nobody listens to what is said: the calls last less than half as long.
    example["speech"] = {
        "voices": {lang: {"id": voice.id, "rate": QUICK} for lang, voice in DEFAULT_VOICES.items()}
    }
    return example


# --- the same call twice ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """At `step` the caller does this; "": still there. `code`: the keys are the code that was sent."""

    step: str
    act: Dials | Says | None
    code: bool = False


def keys(step: str, keys: str) -> Turn:
    return Turn(step, Dials(keys))


def says(step: str, text: str, language: str = "en") -> Turn:
    return Turn(step, Says(text, language))


def rehearsed(
    config: Path, number: str, turns: Iterable[Turn], *, caller: str, at: datetime, given: Mapping[str, Any]
) -> Rehearsed:
    """The script without a telephone. `given`: step -> outcome, or the values that a service answers."""
    configuration = load_configuration(config)
    flow = read_flow(ROOT / "callflows" / f"{configuration.numbers[number]}.yaml")
    surroundings = rehearsal_surroundings(configuration)
    answers = {
        step: (Answer(end) if isinstance(end, str) else Answer("next", end),) for step, end in given.items()
    }
    rehearsal = Rehearsal(
        flow,
        facts={"caller": caller, "dialled": number},
        given=Given(answers),
        surroundings=surroundings,
        start=at,
    )
    acts: list[Act] = []
    for turn in turns:
        if turn.step:
            acts.append(Reaches(turn.step))
        if turn.code:
            acts += [Waits(1), Dials(Given().code)]  # it is sent first
        elif turn.act is not None:
            acts.append(turn.act)
    played = rehearsal.play(acts)
    assert not played.failures, f"{played.failures}\n{played.transcript}"
    for _ in range(60):
        if rehearsal.dialogue.ended:
            break
        rehearsal.advance(60)
    assert played.ended, played.transcript
    assert not played.troubles
    return rehearsal.so_far()


def decisions(events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """What was decided, in order: every step and what led out of it."""
    found = []
    for kind, data in events:
        if kind in DECISIONS:
            told = {key: value for key, value in data.items() if key not in _OTHERWISE}
            if str(told.get("value", "")).endswith(".wav") or "rehearsal-" in str(told.get("value", "")):
                told["value"] = "(a recording)"
            found.append((kind, told))
    return found


def decided_live(row: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return decisions((event["kind"], event["data"]) for event in row["events"])


def decided_in_rehearsal(played: Rehearsed) -> list[tuple[str, dict[str, Any]]]:
    return decisions((note.kind.value, json.loads(json.dumps(dict(note.data)))) for note in played.notes)


def began(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["events"][0]["at"])


def told(row: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in row["events"] if event["kind"] == kind]


def said(row: Mapping[str, Any]) -> str:
    return " ".join(str(data["text"]) for data in told(row, "said"))


# --- the live caller --------------------------------------------------------------------------------------


def path_so_far(folder: Path, caller: str) -> list[str]:
    """The steps that the newest call of this caller has entered, from the database of a hotline that runs."""
    query = (
        "SELECT json_extract(data, '$.step') FROM call_events WHERE kind = 'step_entered' AND call_id = ("
        "SELECT call_id FROM call_events WHERE kind = 'received' AND json_extract(data, '$.caller') = ? "
        "ORDER BY call_id DESC LIMIT 1) ORDER BY seq"
    )
    with closing(sqlite3.connect(folder / "v" / "infolinia.db", timeout=5)) as database:
        return [step for (step,) in database.execute(query, (caller,))]


@dataclass
class LiveCaller:
    """A SIP caller by G.711 who knows at which step the call is. `passed`: the steps left behind."""

    folder: Path
    number: str
    party: RtpParty
    log: Callable[[], str]
    passed: int = 0

    async def reached(self, step: str) -> None:
        """Until the call is at this step, for the next time."""

        async def there() -> bool:
            path = path_so_far(self.folder, self.number)
            if step in path[self.passed :]:
                self.passed = path.index(step, self.passed) + 1
                return True
            return False

        await until(there, f"step {step} of {self.number}", STEP_SECONDS, self._where)

    async def heard_out(self) -> None:
        """Until the hotline has said something from now on, and paused."""
        loop = asyncio.get_running_loop()
        self.party.loud_at.clear()

        async def pause() -> bool:
            return len(self.party.loud_at) > 10 and loop.time() - self.party.loud_at[-1] > 0.6

        await until(pause, "the hotline has said something", STEP_SECONDS, self._where)

    def _where(self) -> str:
        return f"{path_so_far(self.folder, self.number)}\n{self.log()}"


@asynccontextmanager
async def calling(
    folder: Path,
    ports: Ports,
    number: str,
    caller: str,
    log: Callable[[], str] = str,
    *,
    scenario: str = "patient",
    place: int = 0,
) -> AsyncIterator[LiveCaller]:
    """A call to `number`, until the hotline hangs up. `place`: 0 to 2, of callers at the same time."""
    async with rtp_party(ports.spare(5 * place + 2)) as party:
        call = asyncio.create_task(
            run_sipp(
                scenario,
                folder=folder,
                sip_port=ports.sip,
                local_port=ports.spare(5 * place),
                audio_port=ports.spare(5 * place + 2),
                number=number,
                caller=caller.removeprefix("+"),
                limit_seconds=CALL_SECONDS,
            )
        )
        try:
            live = LiveCaller(folder, caller, party, log)
            yield live
            # A telephone sends audio also while nobody speaks: without any, a message has no end.
            quiet = asyncio.create_task(party.say(np.zeros(round(8000 * CALL_SECONDS), dtype=np.int16)))
            try:
                result = await call
            finally:
                quiet.cancel()
                await asyncio.gather(quiet, return_exceptions=True)
            assert result.ok, result.output
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)


async def press_through(
    live: LiveCaller, turns: Sequence[Turn], code: Callable[[], Awaitable[str]] | None = None
) -> None:
    """The script by keys."""
    for turn in turns:
        await live.reached(turn.step)
        if turn.code:
            assert code is not None
            await live.party.press(await code())
        elif isinstance(turn.act, Dials):
            await live.party.press(turn.act.keys)


async def row_of(hotline: RunningHotline, caller: str) -> dict[str, Any]:
    """The history's row of a caller, when it is written."""

    async def ended() -> bool:
        query = (
            "SELECT count(*) FROM call_events JOIN calls ON calls.id = call_events.call_id "
            "WHERE kind = 'ended' AND calls.caller = ?"
        )
        with closing(sqlite3.connect(hotline.folder / "v" / "infolinia.db", timeout=5)) as database:
            return bool(database.execute(query, (caller,)).fetchone()[0])

    await until(ended, f"the call of {caller} has ended", 30, hotline.log)
    rows = [row for row in await hotline.history() if row["channel"] in ("call", "voicemail")]
    (row,) = [row for row in rows if row["contact_points"][0]["value"] == caller]
    return row
