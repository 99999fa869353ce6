"""The inventory, and the parts `make setup` really put on this machine."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup.cache import cache_folder
from infolinia.setup.commands import run
from infolinia.setup.inventory import PARTS_FILE, Parts, PartsMissing, find_parts, write_parts

SAY = """
import sys
import pyttsx3
engine = pyttsx3.init("espeak")
engine.setProperty("voice", sys.argv[1])
engine.save_to_file(sys.argv[2], sys.argv[3])
engine.runAndWait()
"""


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    for name in ("asterisk", "modules", "sounds", "models/en/am", "models/pl.new/am", "models/ru"):
        (tmp_path / name).mkdir(parents=True)
    for model in ("en/am", "pl.new/am", "ru"):
        (tmp_path / "models" / model / "final.mdl").touch()
    return Parts(
        asterisk_argv=("loader", "--argv0", "asterisk", str(tmp_path / "asterisk")),
        asterisk_version="22.10.1",
        asterisk_module_dir=tmp_path / "modules",
        asterisk_data_dir=tmp_path,
        sounds_dir=tmp_path / "sounds",
        sound_texts={"en": tmp_path / "en.txt.gz"},
        music_dir=tmp_path / "moh",
        sipp_argv=("sipp",),
        models_dir=tmp_path / "models",
        model_dirs={"en": tmp_path / "models/en", "ru": tmp_path / "models/ru"},
        digits_recording=tmp_path / "digits.wav",
        espeak_environment={"LD_LIBRARY_PATH": "/x"},
        postgres_bin_dir=None,
        chromium=Path("/usr/bin/chromium"),
    )


def test_what_is_written_is_read_back_and_a_model_being_built_does_not_count(
    tmp_path: Path, parts: Parts
) -> None:
    write_parts(parts, tmp_path)
    assert find_parts(tmp_path) == parts
    assert sorted(find_parts(tmp_path).model_dirs) == ["en", "ru"]


def test_a_model_added_later_is_found_without_setup(tmp_path: Path, parts: Parts) -> None:
    write_parts(parts, tmp_path)
    (tmp_path / "models/pl.new").rename(tmp_path / "models/pl")
    assert find_parts(tmp_path).model_dirs["pl"] == tmp_path / "models/pl"


def test_missing_broken_old_and_lost_parts_name_the_remedy(tmp_path: Path, parts: Parts) -> None:
    with pytest.raises(PartsMissing, match=r"not installed \(.*parts\.json is missing\): run `make setup`"):
        find_parts(tmp_path)
    write_parts(parts, tmp_path)
    record = json.loads((tmp_path / PARTS_FILE).read_text())
    (tmp_path / PARTS_FILE).write_text(json.dumps(record | {"layout": 0}))
    with pytest.raises(PartsMissing, match=r"another version.*`make setup`"):
        find_parts(tmp_path)
    (tmp_path / PARTS_FILE).write_text("{")
    with pytest.raises(PartsMissing, match=r"cannot be read.*`make setup`"):
        find_parts(tmp_path)
    write_parts(dataclasses.replace(parts, sounds_dir=tmp_path / "lost"), tmp_path)
    with pytest.raises(PartsMissing, match=r"lost, listed in .*, is gone: run `make setup`"):
        find_parts(tmp_path)


def test_the_provided_asterisk_and_sipp_start() -> None:
    parts = find_parts()
    assert run([*parts.asterisk_argv, "-V"], 20).output.startswith("Asterisk ")
    assert "SIPp v3" in run([*parts.sipp_argv, "-v"], 20).output
    assert (parts.asterisk_module_dir / "chan_websocket.so").is_file()
    assert (parts.asterisk_data_dir / "documentation").is_dir()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_recorded_prompts_are_there_in_both_widths_with_their_texts(language: str) -> None:
    parts = find_parts()
    prompts = parts.sounds_dir / language
    with wave.open(str(prompts / "digits" / "1.wav")) as recording:
        assert recording.getframerate() == 8000
    assert (prompts / "digits" / "1.g722").stat().st_size > 1000
    assert (
        gzip.decompress(parts.sound_texts[language].read_bytes()).decode("utf-8", "replace").count("\n") > 300
    )
    assert list(parts.music_dir.glob("*.wav"))


def test_the_digit_recording_is_wideband_speech() -> None:
    with wave.open(str(find_parts().digits_recording)) as recording:
        assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (16000, 1, 2)
        assert recording.getnframes() > 16000


@pytest.mark.parametrize(
    ("voice", "text"),
    [("zlw/pl", "Dzień dobry"), ("gmw/en-us", "Good morning"), ("zle/ru", "Доброе утро")],
)
def test_the_voice_speaks_three_languages(tmp_path: Path, voice: str, text: str) -> None:
    target = tmp_path / "said.wav"
    argv = [sys.executable, "-c", SAY, voice, text, target]
    result = run(argv, 30, environment=find_parts().espeak_environment)
    assert result.ok, result.output
    with wave.open(str(target)) as recording:
        samples = recording.readframes(recording.getnframes())
        assert recording.getnframes() / recording.getframerate() > 0.3
    assert max(samples) > 0


def test_a_second_setup_needs_neither_network_nor_packages(path_of_programs: Callable[..., Path]) -> None:
    find_parts()
    folder = path_of_programs(apt_get="echo apt >> $0.called; exit 1", npm="echo npm >> $0.called; exit 1")
    before = (cache_folder() / PARTS_FILE).stat()
    argv = [sys.executable, "-m", "infolinia.setup"]
    # Ten seconds is the promise; it takes less than one.
    result = run(argv, 10, environment={"PATH": os.environ["PATH"]})
    assert result.ok, result.output
    assert result.output.count("already there") + result.output.count("on the host") == 3
    assert not list(folder.glob("*.called"))
    assert (cache_folder() / PARTS_FILE).stat().st_mtime_ns == before.st_mtime_ns
