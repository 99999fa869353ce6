"""People who talk with each other on one call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from acd.talk import Action, ActionRefused


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent asks for, on its way to the call's own task, which answers."""

    agent: str
    action: Action
    answer: asyncio.Future[None]

    def done(self) -> None:
        if not self.answer.done():
            self.answer.set_result(None)

    def refuse(self, why: ActionRefused) -> None:
        if not self.answer.done():
            self.answer.set_exception(why)
