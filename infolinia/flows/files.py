"""Call flows from files to the shelf: every problem of every file is told at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from engine.flows import FlowShelf
from engine.ports import Recognizer
from infolinia.configuration import Configuration, ConfigurationRejected, told_with_place
from infolinia.sections.chats import language_problems
from ivr.flow import Flow
from ivr.reading.loader import FlowRejected, FlowText, Known, load_flow
from ivr.reading.shape import guess
from wording.yaml_source import LONGEST_BYTES

log = structlog.get_logger(__name__)

_SHIPPED = Path(__file__).parents[1] / "data" / "callflows"  # an installed wheel carries them here


def flow_folder(configuration: Configuration) -> Path:
    folder = configuration.place(configuration.flows)
    return _SHIPPED if not folder.is_dir() and _SHIPPED.is_dir() else folder


def known_names(configuration: Configuration) -> Known:
    """What a flow may name in `use`."""
    return Known(
        hours=frozenset(configuration.hours),
        queues=frozenset(configuration.queues),
        services=frozenset(configuration.services),
        campaigns=frozenset(configuration.campaigns),
    )


def read_flow(path: Path, known: Known | None = None, text: str | None = None) -> Flow:
    """One flow with those of its folder that it calls. Raises ConfigurationRejected with all its problems.

    Without `known` the configuration is not asked. `text`: what the file is about to hold.
    """

    def beside(name: str) -> FlowText | None:
        other = path.parent / f"{name}.yaml"
        return FlowText(str(other), _content(other)) if other.is_file() else None

    try:
        written = _content(path) if text is None else text
        return load_flow(written, str(path), known=known, others=beside, named=path.stem)
    except OSError as error:
        where = error.filename or path
        raise ConfigurationRejected(
            f"{where}: the flow cannot be read ({error.strerror}). Name a file or folder that there is."
        ) from error
    except FlowRejected as rejected:
        raise ConfigurationRejected(str(rejected)) from rejected


def _content(path: Path) -> bytes:
    """As much as a flow may have, and one byte more: a file without end is refused like a long one."""
    with path.open("rb") as file:
        return file.read(LONGEST_BYTES + 1)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Reading flows makes many small objects that stay: looking for garbage among them is in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_flows(configuration: Configuration) -> FlowShelf:
    """The flows that the configured numbers lead to. Raises ConfigurationRejected naming all problems."""
    flows = served_flows(configuration)
    unknown = flows[configuration.unknown_number]
    return FlowShelf(flows, configuration.numbers, unknown=unknown, region=configuration.country)


def served_flows(configuration: Configuration) -> dict[str, Flow]:
    """By name. Raises ConfigurationRejected naming all problems, each once."""
    with collector_at_rest():
        return _served_flows(configuration)


def _served_flows(configuration: Configuration) -> dict[str, Flow]:
    folder = flow_folder(configuration)
    known = known_names(configuration)
    flows: dict[str, Flow] = {}
    problems: list[str] = []
    placed: list[str] = []  # those of single settings
    leading: dict[str, list[str]] = {configuration.unknown_number: ["`unknown_number`"]}
    for number, name in configuration.numbers.items():
        leading.setdefault(name, []).append(f"number {number}")
    led_otherwise = {*leading, *configuration.outbound.flows}
    for site, chat in configuration.chats.items():
        leading.setdefault(chat.flow, []).append(f"`chats.{site}`")
    called_by_others = {name: list(places) for name, places in leading.items()}
    for name in configuration.outbound.flows:
        leading.setdefault(name, []).append("`outbound.flows`")
    for name in sorted(leading):
        path = folder / f"{name}.yaml"
        leads = f"{' and '.join(leading[name])} of the configuration "
        leads += "leads" if len(leading[name]) == 1 else "lead"
        if not path.is_file() and name not in led_otherwise:
            near = guess(name, sorted(one.stem for one in folder.glob("*.yaml")))
            placed += [
                f"chats.{site}.flow: there is no flow {name!r}{near}; its file would be {path}."
                for site, chat in configuration.chats.items()
                if chat.flow == name
            ]
            continue
        if not path.is_file():
            problems.append(
                f"{path}: there is no such flow, but {leads} to it. "
                "Write it, or change `numbers`, `unknown_number`, `outbound.flows`, `chats` or the folder "
                "`flows`."
            )
            continue
        try:
            flows[name] = read_flow(path, known)
        except ConfigurationRejected as rejected:
            problems.append(str(rejected))
            continue
        if flows[name].takes and name in called_by_others:
            problems.append(
                f"{path}: {' and '.join(called_by_others[name])} of the configuration leads to this flow, "
                "but it `takes` what only those who place a call can give. Leave it to `outbound.flows`."
            )
        if flows[name].returns:
            problems.append(
                f"{path}: {leads} to this flow, but it is one that others call (it has a `return`). "
                "Lead to the flow that calls it."
            )
    for site, chat in configuration.chats.items():
        if (flow := flows.get(chat.flow)) is not None:
            placed += language_problems(site, chat, flow.languages)
    problems += told_with_place(configuration, placed)
    if problems:
        raise ConfigurationRejected(each_once(problems))
    return flows


def each_once(problems: Iterable[str]) -> str:
    """Lines of several refusals; one that is told of two flows, since both call a third, is told once."""
    return "\n".join(dict.fromkeys(line for problem in problems for line in problem.splitlines()))


def unknown_words(flows: Iterable[Flow], recognizer: Recognizer) -> list[str]:
    """Phrases with words that no model knows can never be heard: one sentence each, with the flow's line."""
    told: dict[str, None] = {}
    for flow in flows:
        for language, phrase, at in flow.listened_for():
            if language not in recognizer.languages():
                continue
            if unknown := recognizer.unknown_words(language, [phrase]):
                words = ", ".join(unknown)
                told[f"{at.file}:{at.line}: the {language} recogniser does not know: {words}"] = None
    return list(told)


def warn_of_unknown_words(shelf: FlowShelf, recognizer: Recognizer) -> None:
    for sentence in unknown_words((*shelf.all(), shelf.unknown), recognizer):
        log.warning(sentence)
