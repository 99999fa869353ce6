"""`infolinia flow check`: every problem of every file, and what is only doubtful."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from infolinia.assembly.speech import make_recognizer
from infolinia.configuration import DEFAULT_FILE, Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.files import each_once, known_names, read_flow, unknown_words
from infolinia.setup.inventory import PartsMissing, find_parts
from ivr.flow import Flow

MODEL_SECONDS = 60.0


def check_files(paths: Sequence[Path], config: Path | None) -> tuple[list[Flow], str]:
    """The flows that are right, and the problems of the others, one a line.

    The names in `use` are looked up in the configuration, if there is one.
    """
    known = None
    if config is not None or DEFAULT_FILE.is_file():
        known = known_names(load_configuration(config))
    flows, problems = [], []
    for path in paths:
        try:
            flows.append(read_flow(path, known))
        except ConfigurationRejected as rejected:
            problems.append(str(rejected))
    return flows, each_once(problems)


def warnings_of(flows: Sequence[Flow], config: Path | None, *, words: bool) -> list[str]:
    """Choices that sound alike, and words that no recogniser knows, where one is installed."""
    told = [str(warning) for flow in flows for warning in flow.warnings]
    if words:
        told += asyncio.run(_unknown_words(flows, load_configuration(config)))
    return list(dict.fromkeys(told))


async def _unknown_words(flows: Sequence[Flow], configuration: Configuration) -> list[str]:
    try:
        recognizer = make_recognizer(configuration, find_parts())
    except PartsMissing:
        return []  # nothing is installed here: a machine where flows are written
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            await recognizer.start()
        return unknown_words(flows, recognizer)
    finally:
        await recognizer.close()
