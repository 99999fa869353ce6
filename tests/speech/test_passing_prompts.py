"""What is said in one call only: it does not stay, and is not deleted while it may play."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from engine.ports import VoiceFailed
from infolinia.setup.inventory import Parts
from ivr.commands import Say, Text
from ivr.reading.loader import load_flow
from ivr.rehearsal.rehearsal import Dials, Ends, Rehearsal, Waits
from speech.prompt_folders import MOST_FILES, SPARED_SECONDS, PassingPrompts
from speech.prompts import PromptVoices
from speech.recorded_prompts import recording_name
from speech.sound_files import Samples
from tests.speech.test_prompts import record, scripted

SILENCE: Samples = np.zeros(80, dtype=np.float32)
SECRET_FLOW = """
flow: front
languages: [en]
always: {agent: bye, trouble: bye}
start: pin
steps:
  pin:
    ask: {into: pin, prompt: "Your code, please.", digits: 4, secret: true, confirm: true}
    next: thanks
    otherwise: bye
  thanks: {say: {text: "Thank you.", interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


@pytest.fixture
async def voices(parts: Parts, tmp_path: Path) -> AsyncIterator[PromptVoices]:
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment=parts.espeak_environment)
    await voices.start()
    yield voices
    await voices.close()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()


def grow_old(folder: Path, seconds: float = SPARED_SECONDS + 60) -> None:
    then = time.time() - seconds
    for path in folder.iterdir():
        os.utime(path, (then, then))


def said_to_who_types(code: str) -> list[Text]:
    """All that a caller hears who types `code` and says that it is right."""
    called = Rehearsal(load_flow(SECRET_FLOW, "front.yaml"))
    called.play([Dials(code), Waits(None), Dials("1"), Ends("hangup")])
    assert not called.so_far().failures, called.so_far()
    says = [command for command in called.so_far().commands if isinstance(command, Say)]
    return [part for say in says for part in say.parts if isinstance(part, Text)]


async def test_nothing_of_a_secret_that_was_read_back_is_kept(voices: PromptVoices, tmp_path: Path) -> None:
    flow = load_flow(SECRET_FLOW, "front.yaml")
    await voices.warm(flow.prompts())
    cache = tmp_path / "cache"
    before = files(cache)
    said = said_to_who_types("4711")
    assert any("four seven one one" in text.text for text in said), said
    prompts = [await voices.speak(text.text, text.language, passing=text.passing) for text in said]
    assert files(cache) == before
    passing = {Path(prompt.path).name for prompt in prompts if Path(prompt.path).parent != cache}
    assert files(cache / "passing") == {f"{name}.{kind}" for name in passing for kind in ("sln", "sln16")}
    assert stat.S_IMODE((cache / "passing").stat().st_mode) == 0o700
    # The texts of the flow itself came from what was made ready.
    assert len(passing) == sum(text.passing for text in said)
    await voices.close()
    assert files(cache / "passing") == set()
    assert files(cache) == before


async def test_what_an_engine_that_died_left_is_deleted_at_the_next_start(
    parts: Parts, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    names = set()
    for _ in range(2):
        voices = PromptVoices(cache, tmp_path / "prompts", environment=parts.espeak_environment)
        await voices.start()
        assert files(cache / "passing") == set()
        names.add((await voices.speak("I have 4 7 1 1.", "en", passing=True)).path)
        await voices._renderer.close()  # it dies: close() is not reached
    assert len(names) == 2  # the name of a file does not tell which code it is
    assert len(files(cache / "passing")) == 2


async def test_a_passing_text_is_rendered_once_and_replaced_by_its_recording(
    voices: PromptVoices, tmp_path: Path
) -> None:
    first = await voices.speak("Order two.", "en", passing=True)
    made = os.stat(first.file(8000)).st_ino
    assert await voices.speak("Order two.", "en", passing=True) == first
    assert os.stat(first.file(8000)).st_ino == made
    kept = await voices.speak("Order two.", "en")
    assert Path(kept.path).parent == tmp_path / "cache"
    assert await voices.speak("Order two.", "en", passing=True) == kept
    record(tmp_path / "prompts" / "en" / f"{recording_name('Order three.')}.wav", 2.0)
    assert (await voices.speak("Order three.", "en", passing=True)).seconds == pytest.approx(2.0, abs=0.01)


def test_the_oldest_are_deleted_and_never_one_that_may_play(tmp_path: Path) -> None:
    folder = PassingPrompts(tmp_path / "passing")
    for number in range(MOST_FILES // 2 + 10):
        folder.store(f"early-{number}", SILENCE, 8000)
    assert len(files(folder.folder)) == MOST_FILES + 20  # all of the last minutes
    grow_old(folder.folder)
    assert folder.find("early-3") is not None  # it is said again
    folder.store("late", SILENCE, 8000)
    assert len(files(folder.folder)) == MOST_FILES
    assert folder.find("early-3") is not None
    assert folder.find("late") is not None


def test_long_ones_are_bounded_by_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speech.prompt_folders.MOST_BYTES", 2500)
    folder = PassingPrompts(tmp_path / "passing")
    for number in range(20):
        folder.store(str(number), SILENCE, 8000)  # 160 and 320 bytes
    grow_old(folder.folder)
    folder.store("late", SILENCE, 8000)
    assert sum(path.stat().st_size for path in folder.folder.iterdir()) <= 2500
    assert folder.find("late") is not None


REFUSES = """
import json, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps({"error": "no such voice"}), flush=True)
"""
SILENT = """
import json, os, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps({"bytes": 4000, "sample_rate": 16000}), flush=True)
    os.write(1, bytes(4000))
"""


@pytest.mark.parametrize(
    ("script", "text", "says"),
    [
        (REFUSES, "I have 4711.", "no such voice"),
        (SILENT, "I have 4711.", "no sound"),
        (SILENT, "4711 " * 1000, "too long"),
    ],
)
async def test_a_passing_text_is_not_quoted_when_it_cannot_be_said(
    tmp_path: Path, script: str, text: str, says: str
) -> None:
    voices = scripted(tmp_path, script)
    with pytest.raises(VoiceFailed, match=says) as failed:
        await voices.speak(text, "en", passing=True)
    assert "4711" not in str(failed.value)
    await voices.close()
