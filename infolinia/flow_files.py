"""Call flows from files to the shelf: every problem of every file is told at once."""

from __future__ import annotations

from pathlib import Path

import structlog

from engine.flows import FlowShelf
from engine.ports import Recognizer
from infolinia.configuration import Configuration, ConfigurationRejected
from ivr.flow import Flow
from ivr.loader import FlowRejected, load_flow

log = structlog.get_logger(__name__)

_SHIPPED = Path(__file__).parent / "data" / "callflows"  # an installed wheel carries them here


def flow_folder(configuration: Configuration) -> Path:
    folder = configuration.place(configuration.flows)
    return _SHIPPED if not folder.is_dir() and _SHIPPED.is_dir() else folder


def read_flow(path: Path) -> Flow:
    """One flow. Raises ConfigurationRejected with all its problems."""
    try:
        return load_flow(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigurationRejected(
            f"{path}: the flow cannot be read ({error.strerror}). Name a file that there is."
        ) from error
    except FlowRejected as rejected:
        raise ConfigurationRejected(str(rejected)) from rejected


def load_flows(configuration: Configuration) -> FlowShelf:
    """The flows that the configured numbers lead to. Raises ConfigurationRejected naming all problems."""
    folder = flow_folder(configuration)
    flows: dict[str, Flow] = {}
    problems: list[str] = []
    leading: dict[str, list[str]] = {configuration.unknown_number: ["`unknown_number`"]}
    for number, name in configuration.numbers.items():
        leading.setdefault(name, []).append(f"number {number}")
    for name in sorted(leading):
        path = folder / f"{name}.yaml"
        if not path.is_file():
            problems.append(
                f"{path}: there is no such flow, but {' and '.join(leading[name])} of the configuration "
                f"{'leads' if len(leading[name]) == 1 else 'lead'} to it. "
                "Write it, or change `numbers`, `unknown_number` or the folder `flows`."
            )
            continue
        try:
            flows[name] = read_flow(path)
        except ConfigurationRejected as rejected:
            problems.append(str(rejected))
    if problems:
        raise ConfigurationRejected("\n".join(problems))
    unknown = flows[configuration.unknown_number]
    return FlowShelf(flows, configuration.numbers, unknown=unknown, region=configuration.country)


def warn_of_unknown_words(shelf: FlowShelf, recognizer: Recognizer) -> None:
    """Phrases with words that no model knows can never be heard: say so with the flow's line."""
    for flow in (*shelf.all(), shelf.unknown):
        for language, phrases in flow.phrases().items():
            if language not in recognizer.languages():
                continue
            for phrase, line in phrases:
                unknown = recognizer.unknown_words(language, [phrase])
                if unknown:
                    words = ", ".join(unknown)
                    log.warning(f"{flow.file}:{line}: the {language} recogniser does not know: {words}")
