"""Flows read anew while the hotline runs: all of them, or none when one is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from engine.flows import FlowShelf
from engine.ports import Recognizer, VoiceFailed
from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.flows.files import flow_folder, served_flows, unknown_words
from infolinia.flows.recordings import Judged
from ivr.flow import Flow
from speech.prompts import PromptVoices
from speech.recorded_prompts import SCRIPT

# How often a folder that is watched is looked at.
WATCH_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """`flows`: (name, version, whether it is a new one). `warnings`: one sentence each."""

    flows: tuple[tuple[str, str, bool], ...]
    warnings: tuple[str, ...]


OF_CONFIGURATION = "If the configuration was changed too, have it read anew with `infolinia reload`."


class FlowReloader:
    """`on_change` is called once new flows are in service."""

    def __init__(
        self,
        configuration: Configuration,
        shelf: FlowShelf,
        voices: PromptVoices,
        recognizer: Recognizer,
        on_change: Callable[[], None],
    ) -> None:
        self._configuration = configuration
        self._shelf = shelf
        self._voices = voices
        self._recognizer = recognizer
        self._on_change = on_change
        self._one_at_a_time = asyncio.Lock()

    async def reload(self, configuration: Configuration | None = None) -> Reloaded:
        """The scripts of recordings are read anew too. `configuration`: in force from now on.

        Raises ConfigurationRejected with all problems of all flows; then everything stays as it was.
        """
        async with self._one_at_a_time:
            wanted = configuration or self._configuration
            try:
                flows = await asyncio.to_thread(served_flows, wanted)
            except ConfigurationRejected as rejected:
                stale = configuration is None and "of the configuration" in str(rejected)
                hint = f"\n{OF_CONFIGURATION}" if stale else ""
                raise ConfigurationRejected(f"{rejected}{hint}") from rejected
            old = {flow.name: flow.version for flow in (*self._shelf.all(), self._shelf.unknown)}
            new = [flow for flow in flows.values() if old.get(flow.name) != flow.version]
            await asyncio.to_thread(self._voices.recorded.read)
            await self._warm(flows.values())
            warnings = [str(warning) for flow in flows.values() for warning in flow.warnings]
            warnings += unknown_words(new, self._recognizer)
            warnings += await asyncio.to_thread(self._recordings_judged, tuple(flows.values()))
            if new or configuration is not None:
                self._shelf.replace(flows, flows[wanted.unknown_number], wanted.numbers)
                self._configuration = wanted
                self._on_change()
            for flow in new:
                log.info("a flow is in service", flow=flow.name, version=flow.version)
            told = tuple((flow.name, flow.version, flow in new) for flow in flows.values())
            return Reloaded(told, tuple(dict.fromkeys(warnings)))

    async def watch(self) -> None:
        """Reload whenever a file changes. For development: `flows_watch` in the configuration."""
        flows, prompts = flow_folder(self._configuration), self._voices.recorded.folder
        seen = await asyncio.to_thread(_stamps, flows, prompts)
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = await asyncio.to_thread(_stamps, flows, prompts)
            if now == seen:
                continue
            seen = now
            try:
                for warning in (await self.reload()).warnings:
                    log.warning(warning)
            except ConfigurationRejected as rejected:
                log.error(f"The flows of before stay in service:\n{rejected}")
            except Exception:
                log.exception("The flows could not be read anew; those of before stay in service")

    def _recordings_judged(self, flows: Sequence[Flow]) -> list[str]:
        judged = Judged(flows, self._voices.recorded, whole=False)
        return judged.script_warnings() + judged.sound_warnings()

    async def _warm(self, flows: Iterable[Flow]) -> None:
        """Have the prompts ready before a caller hears them."""
        texts = {text: None for flow in flows for text in flow.prompts()}
        try:
            await self._voices.warm(list(texts))
        except VoiceFailed as failure:  # keys still work, and prompts that are recorded
            log.error(str(failure))


def _stamps(flows: Path, prompts: Path) -> Mapping[Path, tuple[int, int]]:
    found = {}
    for path in (*flows.glob("*.yaml"), *prompts.glob(f"*/{SCRIPT}"), *prompts.glob("*/*.wav")):
        try:
            status = path.stat()
        except OSError:
            continue  # it has just been replaced; the next look sees the new one
        found[path] = (status.st_mtime_ns, status.st_size)
    return found
