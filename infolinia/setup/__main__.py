"""`python -m infolinia.setup [--tests]`: provide every part, one line each; exit code 2 on failure."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infolinia.setup.asterisk_part import SOUND_LINKS, AsteriskPart, provide_asterisk
from infolinia.setup.cache import cache_folder, locked
from infolinia.setup.commands import run
from infolinia.setup.debs import tally
from infolinia.setup.espeak import provide_espeak
from infolinia.setup.failure import SetupError, explain_os_error
from infolinia.setup.host_packages import find_chromium, find_node, find_postgres, install_host_packages
from infolinia.setup.inventory import Parts, installed_models, write_parts
from infolinia.setup.pins import load_pins, smsc_pins
from infolinia.setup.progress import Progress
from infolinia.setup.smsc import modules_of, provide_smsc
from infolinia.setup.speech_model import provide_model

EXIT_FAILED = 2
EXIT_INTERRUPTED = 130
_ARCHITECTURE_LIMIT_SECONDS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="infolinia setup", description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what only the tests need")
    options = parser.parse_args(arguments)
    cache = cache_folder()
    try:
        provide(cache, Progress(), with_tests=options.tests)
    except SetupError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(explain_os_error(error, cache))
    except KeyboardInterrupt:
        _fail("interrupted; what was fetched is kept, run `make setup` to go on.")
        return EXIT_INTERRUPTED
    return 0


def provide(cache: Path, progress: Progress, *, with_tests: bool) -> Parts:
    """Bring every part into the cache, then record where they are. Raises SetupError or OSError."""
    with locked(cache, progress.moving):
        architecture = run(["dpkg", "--print-architecture"], _ARCHITECTURE_LIMIT_SECONDS).output.strip()
        asterisk_pin, model_pin = load_pins(architecture)

        progress.begin()
        asterisk, made = provide_asterisk(cache, asterisk_pin, progress)
        size_bytes = tally(asterisk.prefix)[1]
        name = f"Asterisk {asterisk.version.split('+')[0]}, sounds, SIPp"
        progress.part(name, _state(made), size_bytes)

        progress.begin()
        recording, made = provide_model(cache, model_pin, progress)
        progress.part("English recognition model", _state(made), tally(cache / "models" / "en")[1])

        progress.begin()
        environment, state = provide_espeak(cache, progress)
        progress.part("espeak-ng voices", state, tally(cache / "espeak")[1] if environment else None)

        if with_tests:
            _provide_for_tests(cache, progress)
        parts = _parts(cache, asterisk, recording, environment)
        write_parts(parts, cache)
    return parts


def _provide_for_tests(cache: Path, progress: Progress) -> None:
    needs = (
        ("PostgreSQL server", find_postgres, ("postgresql",)),
        ("Node.js", find_node, ("nodejs",)),
        ("Chromium", find_chromium, ("chromium", "chromium-sandbox", "fonts-liberation")),
    )
    for name, find, packages in needs:
        progress.begin()
        made = find() is None
        if made:
            install_host_packages(packages, f"The tests need {name}", progress)
            if find() is None:
                raise SetupError(f"{name} is installed but cannot be found: put its programs on PATH.")
        progress.part(name, _state(made))
    progress.begin()
    modules, made = provide_smsc(cache, smsc_pins(), progress)
    progress.part("SMPP server of the tests", _state(made), tally(modules)[1])


def _parts(cache: Path, asterisk: AsteriskPart, recording: Path, environment: dict[str, str]) -> Parts:
    models_dir = cache / "models"
    documents = asterisk.share / "doc"
    texts = {
        language: documents / f"asterisk-core-sounds-{language}" / f"core-sounds-{language}.txt.gz"
        for language in SOUND_LINKS
    }
    return Parts(
        asterisk_argv=asterisk.argv,
        asterisk_version=asterisk.version,
        asterisk_module_dir=asterisk.module_dir,
        asterisk_data_dir=asterisk.data_dir,
        sounds_dir=asterisk.share / "asterisk" / "sounds",
        sound_texts=texts,
        music_dir=asterisk.share / "asterisk" / "moh",
        sipp_argv=asterisk.sipp_argv,
        models_dir=models_dir,
        model_dirs=installed_models(models_dir),
        digits_recording=recording,
        espeak_environment=environment,
        postgres_bin_dir=find_postgres(),
        chromium=find_chromium(),
        smsc_modules_dir=modules_of(cache),
    )


def _state(made: bool) -> str:
    return "done" if made else "already there"


def _fail(sentence: str) -> int:
    print(f"setup: {sentence}", file=sys.stderr)
    return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
