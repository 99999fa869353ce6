"""Health: what of the hotline works now, told truthfully to /healthz, /readyz and the page."""

from __future__ import annotations

from dataclasses import dataclass

from engine.live import LiveCalls


@dataclass(frozen=True, slots=True)
class Condition:
    """One part's state. `needed`: calls cannot be served without it."""

    name: str
    ok: bool
    detail: str
    needed: bool = True


class Health:
    """The parts' conditions; changes are told to the pages."""

    def __init__(self, live: LiveCalls) -> None:
        self._live = live
        self._conditions: dict[str, Condition] = {}

    def set(self, name: str, ok: bool, detail: str, *, needed: bool = True) -> None:
        condition = Condition(name, ok, detail, needed)
        if self._conditions.get(name) != condition:
            self._conditions[name] = condition
            self._live.changed("health")

    @property
    def ready(self) -> bool:
        """Whether a call that came now would be served."""
        return bool(self._conditions) and all(c.ok for c in self._conditions.values() if c.needed)

    def all(self) -> tuple[Condition, ...]:
        return tuple(self._conditions.values())
