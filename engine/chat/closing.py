"""The end of a chat: its row of the history, what its agent may still say of it, and when it is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.changes import InteractionAdded
from engine.chat.history_row import interaction_of_chat
from engine.chat.leading import Leading, recalled
from engine.chat.means import ChatMeans
from history.interaction import Interaction
from messaging.chat import ChatPhase, LineKind, Speaker
from messaging.chat_talk import VOICEMAIL, closed, outcome_of

if TYPE_CHECKING:
    from engine.chat.chat_in_progress import ChatInProgress

# One that is over is held for those who still look at it.
LINGER_SECONDS = 30.0


class Closing:
    """Used by the chat alone, in its own turn. `over` is told when the chat is in the store alone."""

    def __init__(
        self, one: ChatInProgress, means: ChatMeans, *, invited: str, over: Callable[[ChatInProgress], None]
    ) -> None:
        self.invited = invited
        self._one = one
        self._means = means
        self._over = over
        self._row: Interaction | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def shut(self, by: str, outcome: str, leading: Leading | None) -> None:
        one, phase = self._one, self._one.chat.phase
        if phase is ChatPhase.TALKING:
            one.handing.talk_over(disposed=False)
        elif phase is ChatPhase.WAITING:
            one.handing.leave_queue("abandoned" if by in ("visitor", "idle") else "lost")
        walked = recalled(one.chat.state) if leading is None else leading.walked
        if leading is not None:
            leading.gone()
            self._run(leading.errands.end())
        speaker = {"visitor": Speaker.VISITOR, "agent": Speaker.AGENT}.get(by, Speaker.FLOW)
        agent = one.chat.agent if speaker is Speaker.AGENT else None
        one.add(speaker, LineKind.CLOSED, "", agent=agent, data={"by": by})
        came_of_it = outcome or outcome_of(one.chat, heard=walked.heard, queued=one.handing.queued)
        if walked.message is not None and one.chat.agent is None:
            came_of_it = VOICEMAIL
        one.chat = closed(one.chat, self._means.clock.now(), by, came_of_it)
        language = one.language
        row = interaction_of_chat(one.chat, one.lines, walked, invited=self.invited, language=language)
        self._row = row
        one.keep([InteractionAdded(row, self._means.ids.new())])
        if one.chat.agent is not None:
            self._means.tell(one.chat.agent)
        self._run(self._linger())

    def say_outcome(self, disposition: str) -> None:
        """Another row takes the place of the history's first."""
        one, row = self._one, self._row
        one.handing.outcome_said()
        if row is not None and disposition and disposition != one.chat.disposition:
            one.chat = replace(one.chat, disposition=disposition)
            corrected = replace(row, id=f"{row.id}-2", disposition=disposition, corrects=row.id)
            one.keep([InteractionAdded(corrected, self._means.ids.new())])

    def cancel(self) -> None:
        """The engine stops."""
        for task in self._tasks:
            task.cancel()

    async def _linger(self) -> None:
        """Kept, and seen to be over; then it is in the store alone."""
        one, clock = self._one, self._means.clock
        until = clock.now() + timedelta(seconds=LINGER_SECONDS)
        if one.handing.wrap_up_until is not None:
            until = max(until, one.handing.wrap_up_until)
        await asyncio.sleep((until - clock.now()).total_seconds())
        one.handing.wrap_up_until = None
        while not await one.kept(LINGER_SECONDS):
            pass  # the store is away: asked again by whoever keeps it
        if one.chat.agent is not None:
            self._means.tell(one.chat.agent)
        self._over(one)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
