"""Chats that an earlier engine left open: taken up where they stood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from engine.chat.chat_in_progress import ChatInProgress
from engine.chat.means import ChatMeans
from engine.ports import StoreUnavailable
from engine.registers.chats import Chats
from ivr.dialogue import Dialogue, StateRejected
from ivr.flow import Flow
from messaging.chat import Chat, ChatLine, ChatPhase, LineKind, Speaker
from messaging.chat_site import ChatSite

AGAIN_SECONDS = 5.0
LONGEST_SECONDS = 60.0
LINES_AT_ONCE = 500

log = structlog.get_logger("chats")


class ChatRecovery:
    """Puts them into `chats`. A store that is away is asked again and again, until `close`."""

    def __init__(
        self, means: ChatMeans, chats: dict[str, ChatInProgress], *, over: Callable[[ChatInProgress], None]
    ) -> None:
        self._means = means
        self._chats = chats
        self._over = over
        self._task: asyncio.Task[None] | None = None
        self._started_at = means.clock.now()

    @property
    def goes_on(self) -> bool:
        """Whether there may be more."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        self._started_at = self._means.clock.now()
        if not await self._done():
            self._task = asyncio.get_running_loop().create_task(self._go_on_trying())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _go_on_trying(self) -> None:
        done = False
        while not done:
            await asyncio.sleep(AGAIN_SECONDS)
            done = await self._done()

    async def _done(self) -> bool:
        """Whether all are here that were open before the start."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                for chat in await self._means.register.unfinished(self._means.node):
                    # Whoever has come meanwhile is led already, or about to be.
                    if chat.id not in self._chats and chat.opened_at < self._started_at:
                        await self._take_up(chat)
        except (StoreUnavailable, TimeoutError) as away:
            log.error("chats of before the start wait for the database", why=str(away))
            return False
        return True

    async def _take_up(self, chat: Chat) -> None:
        lines = await all_lines(self._means.register, chat.id)
        site = self._means.sites().get(chat.site) or ChatSite(chat.site, frozenset(), chat.flow, ())
        try:
            dialogue = None if chat.state.get("parked") else self._dialogue_of(chat, site)
            one = ChatInProgress(chat, site, self._means, lines=lines, over=self._over)
        except Exception:  # one row that cannot be read keeps no hotline from its start
            log.exception("what a chat's flow knew cannot be read; it goes on without", chat=chat.id)
            chat, dialogue = replace(chat, state={}), None
            one = ChatInProgress(chat, site, self._means, lines=lines, over=self._over)
        self._chats[chat.id] = one
        flow = self._means.flows.by_name(chat.flow)
        try:
            if dialogue is None and flow is not None and chat.phase is ChatPhase.LED:
                one.chat = replace(chat, flow_version=flow.version)
                one.begin(self._dialogue(flow, chat.language, site))
            else:
                one.go_on(dialogue)
        except Exception:
            log.exception("a chat could not be taken up again", chat=chat.id)
        else:
            log.info("a chat goes on", chat=chat.id, phase=chat.phase.value)

    def _dialogue_of(self, chat: Chat, site: ChatSite) -> Dialogue | None:
        """None when its flow is no longer there."""
        flow = self._means.flows.by_version(chat.flow, chat.flow_version)
        state = chat.state.get("dialogue")
        if flow is None or not isinstance(state, dict):
            return None
        try:
            return Dialogue.restore(flow, state, facts=facts_of(site), surroundings=self._means.in_writing)
        except StateRejected as rejected:
            log.warning("a chat cannot go on in its flow", chat=chat.id, why=str(rejected))
            return None

    def _dialogue(self, flow: Flow, language: str | None, site: ChatSite) -> Dialogue:
        """From its beginning: it was changed meanwhile."""
        chosen = language if language in flow.languages else None
        return Dialogue(flow, facts=facts_of(site), surroundings=self._means.in_writing, language=chosen)


def facts_of(site: ChatSite) -> dict[str, str]:
    """What a flow knows at its start: nobody knows the number of a browser."""
    return {"caller": "", "dialled": site.number or ""}


async def all_lines(register: Chats, id: str) -> list[ChatLine]:
    """Each at the place of its number. Raises StoreUnavailable."""
    lines: list[ChatLine] = []
    while True:
        more = await register.lines(id, after=len(lines), limit=LINES_AT_ONCE)
        for line in more:
            while len(lines) + 1 < line.seq:  # one that no database would keep
                lines.append(ChatLine(len(lines) + 1, line.at, Speaker.FLOW, LineKind.NOTE))
            lines.append(line)
        if len(more) < LINES_AT_ONCE:
            return lines
