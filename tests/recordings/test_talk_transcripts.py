"""Talks written down by a real model, each side for itself, in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from engine.recording.transcribing import TranscriptionFailed, TranscriptWorker
from engine.registers.recordings import Spoken, TranscriptState
from engine.registers.timeline import TimelineFilter
from infolinia.setup.inventory import find_parts
from speech.talk_transcripts import TalkTranscriber
from store.store import Store
from tests.conftest import HandClock
from tests.recordings.people_talking import House, house
from tests.recordings.sounds import talk


class Deaf:
    """A transcriber that fails, or waits for ever."""

    def __init__(self, *, waits: bool = False, failure: Exception | None = None) -> None:
        self.waits = waits
        self.failure = failure or TranscriptionFailed("it is deaf")
        self.began = asyncio.Event()

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    async def transcribe(self, samples: Iterator[bytes], language: str, seconds: float) -> Sequence[Spoken]:
        self.began.set()
        if self.waits:
            await asyncio.Event().wait()
        raise self.failure


@pytest.fixture
async def home(make_store: Callable[..., Store], clock: HandClock, tmp_path: Path) -> House:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    return house(store, clock, tmp_path)


async def spoken_talk(home: House) -> str:
    """A woman says "tomorrow" at the desk, a man five digits on the telephone."""
    recording_id = await home.recorded("c1")
    await asyncio.to_thread(talk, home.line.folder, recording_id)
    await home.keeper.once()
    return recording_id


async def test_each_side_is_written_down_with_its_times(home: House) -> None:
    recording_id = await spoken_talk(home)
    models = {"en": find_parts().model_dirs["en"]}
    worker = TranscriptWorker(
        home.store.recordings, home.vault, TalkTranscriber(models), home.live, "infolinia"
    )
    assert await worker.once()
    assert not await worker.once()
    done = await home.store.recordings.get(recording_id)
    assert done.transcript_state is TranscriptState.DONE
    first = done.transcript[0]
    assert (first.side, first.text) == ("agent", "tomorrow")
    assert 0.8 < first.words[0].start < first.words[0].end < 2.5
    assert 0 < first.words[0].confidence <= 1
    digits = [word for one in done.transcript if one.side == "caller" for word in one.words]
    assert {"one", "eight", "three"} & {word.text for word in digits}
    assert all(word.start >= 2.8 for word in digits)
    found = await home.store.history.timeline.search("tomorrow", TimelineFilter())
    assert [one.interaction.subject_id for one in found.items] == ["c1"]


async def test_a_language_without_a_model_waits_for_one(home: House) -> None:
    recording_id = await spoken_talk(home)
    worker = TranscriptWorker(home.store.recordings, home.vault, TalkTranscriber({}), home.live, "infolinia")
    assert await worker.once()
    assert not await worker.once()
    assert (await home.store.recordings.get(recording_id)).transcript_state is TranscriptState.NO_MODEL


@pytest.mark.parametrize("failure", [TranscriptionFailed("it is deaf"), ValueError("nobody expected it")])
async def test_what_fails_is_told_and_not_tried_for_ever(home: House, failure: Exception) -> None:
    recording_id = await spoken_talk(home)
    deaf = Deaf(failure=failure)
    worker = TranscriptWorker(home.store.recordings, home.vault, deaf, home.live, "infolinia")
    assert await worker.once()
    assert not await worker.once()
    assert (await home.store.recordings.get(recording_id)).transcript_state is TranscriptState.FAILED


async def test_what_an_engine_was_writing_down_is_begun_anew(home: House) -> None:
    recording_id = await spoken_talk(home)
    slow = Deaf(waits=True)
    running = asyncio.create_task(
        TranscriptWorker(home.store.recordings, home.vault, slow, home.live, "infolinia").lookout.run()
    )
    async with asyncio.timeout(10):
        await slow.began.wait()
    running.cancel()
    await asyncio.wait({running}, timeout=5)
    assert (await home.store.recordings.get(recording_id)).transcript_state is TranscriptState.WAITING


async def test_a_model_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(TranscriptionFailed, match=r"no Vosk model|No such file"):
        await TalkTranscriber({"en": tmp_path}).transcribe(iter([bytes(64000)] * 40), "en", 1.0)
