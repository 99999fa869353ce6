"""What answered is found beside the call's own task, which must hear that they hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from calls.control import CallControlError, ChannelGone
from dialer.attempt import Verdict
from dialer.machine import MachinePolicy
from engine.dialling.verdicts import Judged, Verdicts

# A greeting is waited for so long; then the message begins, whatever is heard.
GREETING_SECONDS = 45

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GreetingOver:
    """The machine records from now on."""


class WhatAnswered:
    """Of one call. `tell` hears a Judged after `ask`, and a GreetingOver after `wait_for_greeting`."""

    def __init__(
        self,
        channel_id: str,
        policy: MachinePolicy,
        language: str,
        verdicts: Verdicts,
        tell: Callable[[Judged | GreetingOver], None],
    ) -> None:
        self._channel_id = channel_id
        self._policy = policy
        self._language = language
        self._verdicts = verdicts
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        self._begin(self._ask())

    def wait_for_greeting(self) -> None:
        self._begin(self._wait())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.stop()
        self._task = asyncio.get_running_loop().create_task(work)

    async def _ask(self) -> None:
        try:
            found = await self._verdicts.of(self._channel_id, self._policy, self._language)
        except CallControlError as failure:
            found = Judged(Verdict.UNSURE, 0.0, str(failure))
        except Exception as fault:
            log.exception("machine detection failed", channel=self._channel_id)
            found = Judged(Verdict.UNSURE, 0.0, repr(fault))
        self._tell(found)

    async def _wait(self) -> None:
        try:
            await self._verdicts.greeting_over(self._channel_id, seconds=GREETING_SECONDS)
        except ChannelGone:
            return  # the call's own task hears of it
        except CallControlError as failure:
            log.warning("a greeting's end was not heard", channel=self._channel_id, why=str(failure))
        except Exception:
            log.exception("a greeting's end could not be waited for", channel=self._channel_id)
        self._tell(GreetingOver())
