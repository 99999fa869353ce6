"""Recordings, wired: their folder and its keys, who records talks, and what is done with them afterwards."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from calls.talk_control import TalkControl
from engine.health import Health
from engine.live import LiveCalls
from engine.lookout import Lookout
from engine.ports import Clock
from engine.recording.keeping import RecordingKeeper
from engine.recording.talks import TalkRecordings
from engine.recording.transcribing import TranscriptWorker
from infolinia.assembly.background import in_background
from infolinia.configuration import Configuration
from infolinia.sections.recording import recording_rules
from infolinia.setup.inventory import Parts
from speech.talk_transcripts import TalkTranscriber
from store.recordings.keys import recording_keys
from store.recordings.strays import LOOK_SECONDS, StrayRecordings
from store.recordings.vault import RecordingVault
from store.store import Store


def vault_of(configuration: Configuration) -> RecordingVault:
    """Raises KeysRefused, which is a StoreError."""
    key_file = configuration.recording.key_file
    keys = recording_keys(
        None if key_file is None else configuration.place(key_file), configuration.place(configuration.state)
    )
    return RecordingVault(configuration.place(configuration.recordings), keys)


@dataclass(frozen=True, slots=True)
class RecordingWork:
    """What goes on in the background for recordings."""

    talks: TalkRecordings
    keeper: RecordingKeeper
    transcripts: TranscriptWorker
    strays: Lookout

    def apply(self, configuration: Configuration) -> None:
        """What is recorded from now on. A talk that is being recorded goes on."""
        self.talks.rules = recording_rules(configuration.recording, configuration.queues)
        self.keeper.codec = configuration.recording.codec

    def start(self, stack: AsyncExitStack) -> None:
        for lookout in (self.keeper.lookout, self.transcripts.lookout, self.strays):
            in_background(lookout.run(), stack)
        in_background(self.talks.watch(), stack)


def recording_work(
    configuration: Configuration,
    *,
    parts: Parts,
    control: TalkControl,
    store: Store,
    vault: RecordingVault,
    clock: Clock,
    live: LiveCalls,
    health: Health,
    raw: Path,
) -> RecordingWork:
    """Not started yet. `raw`: the folder in which Asterisk writes talks."""
    own = {language: configuration.place(path) for language, path in configuration.speech.models.items()}
    talks = TalkRecordings(
        control,
        store.ledger,
        store.recordings,
        vault,
        clock,
        health,
        configuration.node,
        recording_rules(configuration.recording, configuration.queues),
    )
    keeper = RecordingKeeper(
        store.recordings,
        vault,
        store.queries,
        live,
        health,
        configuration.node,
        configuration.recording.codec,
    )
    transcripts = TranscriptWorker(
        store.recordings, vault, TalkTranscriber({**parts.model_dirs, **own}), live, configuration.node
    )
    talks.on_ended = keeper.lookout.wake
    keeper.on_kept = transcripts.lookout.wake
    strays = StrayRecordings(raw, store.recordings, store.ledger)
    looked = Lookout("recordings of no row", strays.once, every_seconds=LOOK_SECONDS)
    return RecordingWork(talks, keeper, transcripts, looked)
