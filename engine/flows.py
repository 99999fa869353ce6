"""Which flow answers which dialled number."""

from __future__ import annotations

from collections.abc import Mapping

from calls.numbers import parse_number
from ivr.flow import Flow


class FlowShelf:
    """The loaded flows by name, and the numbers they serve.

    `unknown` answers every other number: it says so and hangs up. A number is matched as dialled, or by E.164
    in the national form of `region`.
    """

    def __init__(
        self, flows: Mapping[str, Flow], numbers: Mapping[str, str], *, unknown: Flow, region: str
    ) -> None:
        missing = sorted(set(numbers.values()) - set(flows))
        if missing:
            raise ValueError(f"numbers lead to flows that are not loaded: {', '.join(missing)}")
        self._flows = dict(flows)
        self._numbers = {self._key(number, region): name for number, name in numbers.items()}
        self._region = region
        self.unknown = unknown

    def for_number(self, dialled: str) -> Flow | None:
        name = self._numbers.get(self._key(dialled, self._region))
        return None if name is None else self._flows[name]

    def by_version(self, name: str, version: str) -> Flow | None:
        """The flow a call had begun with, if it is still the one loaded."""
        for flow in (*self._flows.values(), self.unknown):
            if flow.name == name and flow.version == version:
                return flow
        return None

    def all(self) -> tuple[Flow, ...]:
        return tuple(self._flows.values())

    @staticmethod
    def _key(number: str, region: str) -> str:
        return parse_number(number, region).shown
