"""Which flow answers which dialled number."""

from __future__ import annotations

from collections.abc import Mapping

from calls.numbers import parse_number
from ivr.flow import Flow

# Versions that were replaced and that a call may still want to go on with.
MOST_KEPT = 100


class FlowShelf:
    """The loaded flows by name, and the numbers they serve.

    `unknown` answers every other number: it says so and hangs up. A number is matched as dialled, or by E.164
    in the national form of `region`.
    """

    def __init__(
        self, flows: Mapping[str, Flow], numbers: Mapping[str, str], *, unknown: Flow, region: str
    ) -> None:
        self._numbers: Mapping[str, str] = {}
        self._region = region
        self._before: dict[tuple[str, str], Flow] = {}  # (name, version), the latest last
        self._flows: dict[str, Flow] = {}
        self._put(flows, unknown, numbers)

    def replace(
        self, flows: Mapping[str, Flow], unknown: Flow, numbers: Mapping[str, str] | None = None
    ) -> None:
        """New calls get these from now on. `numbers` None: the same ones lead to them.

        Calls in progress keep theirs, and versions that were replaced can still be found, up to MOST_KEPT.
        Raises ValueError, and changes nothing, when a number would lead nowhere.
        """
        before = (*self._flows.values(), self.unknown)
        self._put(flows, unknown, numbers)
        for flow in before:
            self._before.pop((flow.name, flow.version), None)
            self._before[flow.name, flow.version] = flow
        while len(self._before) > MOST_KEPT:
            del self._before[next(iter(self._before))]

    def _put(self, flows: Mapping[str, Flow], unknown: Flow, numbers: Mapping[str, str] | None) -> None:
        leading = self._numbers
        if numbers is not None:
            leading = {self._key(number, self._region): name for number, name in numbers.items()}
        missing = sorted(set(leading.values()) - set(flows))
        if missing:
            raise ValueError(f"numbers lead to flows that are not loaded: {', '.join(missing)}")
        self._flows, self.unknown, self._numbers = dict(flows), unknown, leading

    def for_number(self, dialled: str) -> Flow | None:
        name = self._numbers.get(self._key(dialled, self._region))
        return None if name is None else self._flows[name]

    def by_name(self, name: str) -> Flow | None:
        """The flow as it is now."""
        return self._flows.get(name)

    def numbers_of(self, name: str) -> list[str]:
        """The numbers that lead to it."""
        return [number for number, flow in self._numbers.items() if flow == name]

    def by_version(self, name: str, version: str) -> Flow | None:
        """The flow a call had begun with, if it is loaded or was lately."""
        for flow in (*self._flows.values(), self.unknown):
            if flow.name == name and flow.version == version:
                return flow
        return self._before.get((name, version))

    def numbered(self) -> tuple[Flow, ...]:
        """Those that a number leads to: who is given to one has as good as dialled it.

        The flow of unknown numbers, and those of calls that we place, are none by themselves.
        """
        leading = set(self._numbers.values())
        return tuple(flow for name, flow in self._flows.items() if name in leading)

    def all(self) -> tuple[Flow, ...]:
        return tuple(self._flows.values())

    @staticmethod
    def _key(number: str, region: str) -> str:
        return parse_number(number, region).shown
