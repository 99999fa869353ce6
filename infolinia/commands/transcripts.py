"""Files through the recognition of live calls."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from infolinia.assembly.hotline import make_recognizer
from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.setup.inventory import find_parts
from speech.recognition import recognize


async def recognize_files(
    configuration: Configuration, files: list[Path], language: str, phrase_file: Path | None
) -> None:
    """Print one JSON line a file. Raises RecognitionFailed, ConfigurationRejected for the phrase file."""
    phrases = None if phrase_file is None else _read_phrases(phrase_file)
    recognizer = make_recognizer(configuration, find_parts())
    await recognizer.start()
    try:
        async for line in recognize(recognizer, files, language, phrases):
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
