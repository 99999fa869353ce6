"""Where the provided parts are: written last by setup, read by the rest of the product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infolinia.setup.cache import cache_folder

PARTS_FILE = "parts.json"
_LAYOUT = 1


class PartsMissing(Exception):
    """Setup has not run, or what it provided is gone. The text names the remedy."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part with its place. Paths are absolute and are never written to.

    `asterisk_argv` and `sipp_argv` are the beginnings of command lines: a privately installed program
    is started through the loader of its own C library.
    """

    asterisk_argv: tuple[str, ...]
    asterisk_version: str
    asterisk_module_dir: Path
    asterisk_data_dir: Path
    """Asterisk's `astdatadir`: documentation and, in the private prefix, also sounds and music."""
    sounds_dir: Path
    """Holds `en/` and `ru/`, each prompt as `.wav` (8 kHz) and `.g722` (16 kHz)."""
    sound_texts: Mapping[str, Path]
    """Per language, the gzipped list of what each recorded prompt says."""
    music_dir: Path
    sipp_argv: tuple[str, ...]
    models_dir: Path
    model_dirs: Mapping[str, Path]
    """Per language ("en"), the folder that vosk.Model takes; any model put into `models_dir` counts."""
    digits_recording: Path
    """A person saying 1 0 0 0 1, 9 0 2 1 0, 0 1 8 0 3 in English: 16 kHz, 16 bit, mono."""
    espeak_environment: Mapping[str, str]
    """What the process that loads espeak-ng must be started with, beside its own environment."""
    postgres_bin_dir: Path | None
    """For tests: holds initdb, pg_ctl and postgres."""
    chromium: Path | None
    """For tests."""
    smsc_modules_dir: Path | None = None
    """For tests: what Node.js loads the SMPP server from."""


def write_parts(parts: Parts, cache: Path) -> None:
    """Record the parts in one step; readers see the old file or the new one."""
    record = {
        "layout": _LAYOUT,
        "asterisk_argv": list(parts.asterisk_argv),
        "asterisk_version": parts.asterisk_version,
        "asterisk_module_dir": str(parts.asterisk_module_dir),
        "asterisk_data_dir": str(parts.asterisk_data_dir),
        "sounds_dir": str(parts.sounds_dir),
        "sound_texts": {language: str(path) for language, path in parts.sound_texts.items()},
        "music_dir": str(parts.music_dir),
        "sipp_argv": list(parts.sipp_argv),
        "models_dir": str(parts.models_dir),
        "digits_recording": str(parts.digits_recording),
        "espeak_environment": dict(parts.espeak_environment),
        "postgres_bin_dir": None if parts.postgres_bin_dir is None else str(parts.postgres_bin_dir),
        "chromium": None if parts.chromium is None else str(parts.chromium),
        "smsc_modules_dir": None if parts.smsc_modules_dir is None else str(parts.smsc_modules_dir),
    }
    path = cache / PARTS_FILE
    text = json.dumps(record, indent=2) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    partial = path.with_suffix(".json.new")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def find_parts(cache: Path | None = None) -> Parts:
    """The parts setup provided. Raises PartsMissing, whose text names `make setup`."""
    path = (cache or cache_folder()) / PARTS_FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["layout"] != _LAYOUT:
            raise PartsMissing(f"{path} is of another version of the hotline: run `make setup`.")
        parts = _read(record)
    except FileNotFoundError:
        raise PartsMissing(f"The parts are not installed ({path} is missing): run `make setup`.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise PartsMissing(f"{path} cannot be read ({error!r}): run `make setup`.") from error
    for place in (
        Path(parts.asterisk_argv[-1]),
        parts.asterisk_module_dir,
        parts.sounds_dir,
        parts.models_dir,
    ):
        if not place.exists():
            raise PartsMissing(f"{place}, listed in {path}, is gone: run `make setup`.")
    return parts


def installed_models(models_dir: Path) -> dict[str, Path]:
    """The recognition models in a folder, by the language that names each one's folder."""
    if not models_dir.is_dir():
        return {}
    # A dot in the name marks a folder still being built.
    return {
        folder.name: folder
        for folder in sorted(models_dir.iterdir())
        if "." not in folder.name and is_model(folder)
    }


def is_model(folder: Path) -> bool:
    """Whether the folder holds a Vosk model."""
    # Older ones keep final.mdl at the top.
    return (folder / "am" / "final.mdl").is_file() or (folder / "final.mdl").is_file()


def _read(record: dict[str, Any]) -> Parts:
    def optional(name: str) -> Path | None:
        return None if record.get(name) is None else Path(record[name])

    models_dir = Path(record["models_dir"])
    return Parts(
        asterisk_argv=tuple(record["asterisk_argv"]),
        asterisk_version=record["asterisk_version"],
        asterisk_module_dir=Path(record["asterisk_module_dir"]),
        asterisk_data_dir=Path(record["asterisk_data_dir"]),
        sounds_dir=Path(record["sounds_dir"]),
        sound_texts={language: Path(path) for language, path in record["sound_texts"].items()},
        music_dir=Path(record["music_dir"]),
        sipp_argv=tuple(record["sipp_argv"]),
        models_dir=models_dir,
        model_dirs=installed_models(models_dir),
        digits_recording=Path(record["digits_recording"]),
        espeak_environment=dict(record["espeak_environment"]),
        postgres_bin_dir=optional("postgres_bin_dir"),
        chromium=optional("chromium"),
        smsc_modules_dir=optional("smsc_modules_dir"),
    )
