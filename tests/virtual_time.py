"""An event loop that jumps to its next timer: an hour of waiting takes a millisecond.

A folder of tests runs on it by defining `pytest_asyncio_loop_factories` in its conftest.py:

    def pytest_asyncio_loop_factories() -> LoopFactories:
        return VIRTUAL_TIME

There is no waiting for sockets, processes or threads on it: nothing real takes place while it jumps.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_RUN_SECONDS = 48 * 3600.0
"""A test still running then waits for something that timers alone never bring."""
ANCHOR = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""The date and time of every loop's beginning."""


class Deadlock(RuntimeError):
    """Nothing is ready and no timer is set, so the loop would wait for ever; the message names who waits."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0 and moves only by jumps to the next timer."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._seconds

    def jump(self, seconds: float | None) -> None:
        """To the next timer, `seconds` ahead; None when there is none."""
        if seconds is None:
            raise Deadlock(f"nothing is ready and no timer is set; waiting for ever: {self._waiting()}")
        self._seconds += seconds
        if self._seconds > LONGEST_RUN_SECONDS:
            hours = LONGEST_RUN_SECONDS / 3600
            raise Deadlock(f"still running after {hours:g} virtual hours; waiting: {self._waiting()}")

    def _waiting(self) -> str:
        places = []
        for task in asyncio.all_tasks(self):
            frames = task.get_stack()
            place = f"{frames[-1].f_code.co_qualname}:{frames[-1].f_lineno}" if frames else "?"
            places.append(f"{task.get_name()} at {place}")
        return "; ".join(sorted(places)) or "nobody"


class _JumpingSelector(selectors.SelectSelector):
    """Where a loop would sleep until its next timer, this moves its time there."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0:
            self._loop.jump(timeout)
        return ready


class VirtualClock:
    """engine.ports.Clock on the running loop's time."""

    def now(self) -> datetime:
        return ANCHOR + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


LoopFactories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]
VIRTUAL_TIME: LoopFactories = {"virtual time": VirtualTimeLoop}


def run_in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
