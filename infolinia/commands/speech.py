"""`infolinia speech`: files through the recognition of live calls, and the voices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from infolinia.assembly.speech import make_recognizer
from infolinia.commands.prompts import list_voices
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.logs import set_up_logs
from infolinia.setup.inventory import find_parts
from speech import recognition

speech_app = typer.Typer(help="Speech recognition and voices.", no_args_is_help=True)
speech_app.command("voices")(list_voices)


@speech_app.command("recognize")
def recognize(
    files: Annotated[list[Path], typer.Argument(help="WAV files of any rate.")],
    language: Annotated[str, typer.Option(help="The language spoken.")] = "en",
    phrases: Annotated[
        Path | None, typer.Option(help="A file with one phrase a line: nothing else is understood then.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Run the recognition of live calls over files; one JSON line each."""
    set_up_logs(as_json=False, level="WARNING")
    run_until_done(recognize_files(load_configuration(config), files, language, phrases))


async def recognize_files(
    configuration: Configuration, files: list[Path], language: str, phrase_file: Path | None
) -> None:
    """Print one JSON line a file. Raises RecognitionFailed, ConfigurationRejected for the phrase file."""
    phrases = None if phrase_file is None else _read_phrases(phrase_file)
    recognizer = make_recognizer(configuration, find_parts())
    await recognizer.start()
    try:
        async for line in recognition.recognize(recognizer, files, language, phrases):
            typer.echo(json.dumps(line, ensure_ascii=False))
    finally:
        await recognizer.close()


def _read_phrases(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationRejected(
            f"{file}: the phrases cannot be read ({error}). Write UTF-8 text."
        ) from error
    phrases = [line.strip() for line in lines if line.strip()]
    if not phrases:
        raise ConfigurationRejected(f"{file}: no phrases. Write one phrase a line.")
    return phrases
