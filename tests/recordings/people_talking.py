"""A queue call of which an agent's part is recorded, on a fake line and a real database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calls.control import CallControlError
from calls.events import CallEvent, CallEventKind
from calls.talk_control import TalkControl, TalkFiles
from engine.call_log import CallLog
from engine.clock import TimeOrderedIds
from engine.health import Health
from engine.live import LiveCalls
from engine.recording.keeping import RecordingKeeper
from engine.recording.talks import RecordingRules, TalkRecordings
from store.recordings.keys import RecordingKeys
from store.recordings.vault import RecordingVault
from store.store import Store
from tests.conftest import HandClock
from tests.recordings.sounds import tone, written

CALLER = "+48600000071"


@dataclass
class FakeLine:
    """What is asked of Asterisk for recordings. `fault` is raised by the next request."""

    folder: Path
    asked: list[tuple[str, ...]] = field(default_factory=list)
    fault: CallControlError | None = None

    def talk_files(self, recording_id: str) -> TalkFiles:
        said, heard = (str(self.folder / f"{recording_id}.{side}.raw") for side in ("said", "heard"))
        return TalkFiles(said, heard)

    async def record_talk(self, channel_id: str, recording_id: str) -> TalkFiles:
        self._ask("record", channel_id, recording_id)
        return written(self.folder, recording_id, b"", b"")

    async def pause_recording(self, channel_id: str, *, on: bool) -> None:
        self._ask("pause" if on else "resume", channel_id)

    async def end_recording(self, channel_id: str) -> None:
        self._ask("end", channel_id)

    def _ask(self, *asked: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.asked.append(asked)


@dataclass
class House:
    store: Store
    clock: HandClock
    line: FakeLine
    vault: RecordingVault
    live: LiveCalls
    health: Health
    talks: TalkRecordings
    keeper: RecordingKeeper

    async def call(self, call_id: str, *answers: bool, caller: str = CALLER) -> CallLog:
        """A call that came, whose caller gave these answers when asked whether it may be recorded."""
        log = self.log(call_id)
        received = {"direction": "inbound", "caller": caller, "dialled": "100", "network_id": f"n-{call_id}"}
        await log.write(CallEventKind.RECEIVED, {**received, "node": "infolinia"})
        await log.write(CallEventKind.LANGUAGE_CHOSEN, {"language": "en"})
        for given in answers:
            consent = {"purpose": "recording", "given": given, "by": "silence", "channels": []}
            await log.write(CallEventKind.CONSENT_KEPT, consent)
        await log.write(
            CallEventKind.AGENT_CONNECTED, {"queue": "sales", "agent": "anna", "waited_seconds": 1}
        )
        return log

    def log(self, call_id: str) -> CallLog:
        return CallLog(
            call_id,
            ledger=self.store.ledger,
            clock=self.clock,
            ids=TimeOrderedIds(self.clock),
            live=self.live,
            region="PL",
        )

    async def settled(self) -> None:
        """All that was told is in the database."""
        await self.store.ledger.commit([], durable=True)

    async def events(self, call_id: str) -> Sequence[CallEvent]:
        await self.settled()
        return await self.store.queries.events(call_id)

    async def recorded(self, call_id: str, seconds: float = 3.0, *, ended: bool = True) -> str:
        """A whole talk; the id of its recording."""
        log = await self.call(call_id, True)
        recorder = self.talks.of_call()
        await recorder.begin(log, f"{call_id}.leg.4", call_id, agent="anna", queue="sales")
        recording_id = self.line.asked[-1][2]
        self.speak(recording_id, seconds)
        self.clock.pass_seconds(seconds)
        await recorder.end()
        if ended:
            await self.end(log)
        await self.settled()
        return recording_id

    def speak(self, recording_id: str, seconds: float) -> None:
        written(self.line.folder, recording_id, tone(440, seconds), tone(700, seconds))

    async def end(self, log: CallLog) -> None:
        await log.write(CallEventKind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"})


def house(store: Store, clock: HandClock, folder: Path, rules: RecordingRules | None = None) -> House:
    line = FakeLine(folder / "raw")
    control: Any = line
    vault = RecordingVault(folder / "recordings", RecordingKeys((bytes(32),), "the test"))
    live = LiveCalls()
    health = Health(live)
    talk_control: TalkControl = control
    talks = TalkRecordings(
        talk_control,
        store.ledger,
        store.recordings,
        vault,
        clock,
        health,
        "infolinia",
        rules or RecordingRules(),
    )
    keeper = RecordingKeeper(store.recordings, vault, store.queries, live, health, "infolinia", "flac")
    return House(store, clock, line, vault, live, health, talks, keeper)
