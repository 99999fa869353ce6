"""Chats as agents' desks and supervisors see them, and what is done there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from acd.agents import AgentStatus
from acd.work import WorkKind
from engine.chat.chat_in_progress import ChatInProgress
from engine.chat.lines import path_of
from engine.chat.live_chats import LiveChats
from engine.chat.means import ChatMeans
from engine.chat.recovery import all_lines
from engine.chat.sides import ChatItem
from engine.desk.refusals import DeskRefused
from engine.desk.written_work import canned
from engine.ports import StoreUnavailable
from engine.registers.chats import ChatRow
from engine.registers.refusals import Missing
from history.contact import Contact
from messaging.chat import Chat, ChatPhase
from messaging.chat_limits import LONGEST_WORDS, TooMuch, written

_PLACE = re.compile(r"\{[a-z_][a-z0-9_]*\}")


class DeskChats:
    """Implements engine.chat.sides.AgentSide over the chats of this engine."""

    def __init__(self, chats: LiveChats, means: ChatMeans) -> None:
        self._chats = chats
        self._means = means
        self._people: dict[str, tuple[datetime, Contact | None]] = {}  # by the chat's contact_id
        self._ask_again: datetime | None = None  # the store, which did not answer

    # --- what is shown --------------------------------------------------------------------------------------

    async def desk(self, agent: str) -> Sequence[ChatItem]:
        return [await self._item(one, agent) for one in self._chats.all() if _is_of(one, agent)]

    async def item(self, id: str, agent: str = "") -> ChatItem:
        one = self._chats.get(id)
        if one is not None:
            return await self._item(one, agent)
        row = await self._means.register.row(id)
        lines = await all_lines(self._means.register, id)
        return ChatItem(row, tuple(lines), present=False, path=path_of(lines))

    async def open_now(self) -> Sequence[ChatItem]:
        return [
            ChatItem(
                await self._row(one.chat),
                one.lines.last_said,
                present=one.present,
                typing=one.visitor_types,
            )
            for one in self._chats.all()
            if one.chat.is_open
        ]

    async def _item(self, one: ChatInProgress, agent: str) -> ChatItem:
        row, settings = await self._row(one.chat), self._means.settings()
        chat, offer = one.chat, one.queueing.offer
        return ChatItem(
            row,
            tuple(one.lines.all),
            offer=offer if offer is not None and offer.agent == agent else None,
            present=one.present and chat.is_open,
            typing=one.visitor_types,
            path=one.lines.path,
            answers=canned(settings, chat, row.contact, self._means.shown(agent or chat.agent or "")),
            dispositions=settings.written_dispositions_of(chat.queue),
            required=settings.of_queue(chat.queue).disposition_required,
            wrap_up_until=one.handing.wrap_up_until if chat.agent == agent else None,
        )

    async def _row(self, chat: Chat) -> ChatRow:
        """With the person, asked for now and then; a store that is away leaves who was known."""
        key, now = chat.contact_id or "", self._means.clock.now()
        known = self._people.get(key)
        asks = self._ask_again is None or now >= self._ask_again
        if key and asks and (known is None or now - known[0] >= PERSON_LASTS):
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    known = now, (await self._means.register.row(chat.id)).contact
            except Missing:
                return ChatRow(chat, None if known is None else known[1])
            except (StoreUnavailable, TimeoutError):  # not waited for once for each of many chats
                self._ask_again = self._means.clock.now() + AWAY_LASTS
                return ChatRow(chat, None if known is None else known[1])
            self._people.pop(key, None)
            self._people[key] = known
            while len(self._people) > MOST_PEOPLE:
                del self._people[next(iter(self._people))]
        return ChatRow(chat, None if known is None else known[1])

    # --- what agents do -------------------------------------------------------------------------------------

    async def take(self, agent: str, id: str) -> None:
        one = self._chats.get(id)
        if one is None or not one.queueing.accept(agent) or one.chat.agent != agent:
            raise DeskRefused("chat_gone", "This chat is offered to somebody else by now, or is over.")

    def decline(self, agent: str, id: str) -> None:
        one = self._chats.get(id)
        if one is not None:
            one.queueing.decline(agent)

    async def say(self, agent: str, id: str, text: str, client_id: str = "") -> None:
        one = self._talked(agent, id)
        try:
            words = written(text)
        except TooMuch as much:
            most = str(LONGEST_WORDS)
            raise DeskRefused("written_text", f"Write 1 to {most} characters.", most=most) from much
        if place := _PLACE.search(words):
            raise DeskRefused(
                "written_place", f"Replace {place[0]}: it is not known of this person.", place=place[0]
            )
        one.agent_says(agent, words, client_id)

    def typing(self, agent: str, id: str) -> None:
        one = self._chats.get(id)
        if one is not None and one.chat.phase is ChatPhase.TALKING and one.chat.agent == agent:
            one.presence.agent_writes(self._means.clock.now())
            one.looked_at()

    async def pass_on(self, agent: str, id: str, *, to: str | None, queue: str | None) -> None:
        one = self._talked(agent, id) if agent else self._open(id)
        if to is not None:
            self._check_target(to)
            one.do(lambda: one.handing.goes_to(to, moved_by=agent or None, moved=True))
        elif queue is not None and queue in self._means.queues:
            one.do(lambda: one.handing.pass_to_queue(agent or None, queue))
        else:
            raise DeskRefused("chat_target", "There is no such queue any more: choose another.")

    async def end(self, agent: str, id: str, disposition: str) -> None:
        one = self._chats.get(id)
        if one is None:
            raise _missing()
        settings, queue = self._means.settings(), one.chat.queue
        known = {choice.name for choice in settings.written_dispositions_of(queue)}
        if disposition and disposition not in known:
            raise DeskRefused("outcome", f"There is no outcome {disposition[:40]!r} here.")
        if agent and not disposition and settings.of_queue(queue).disposition_required:
            raise DeskRefused("disposition", "This queue wants an outcome: choose one first.")
        if agent and one.chat.agent == agent and one.handing.wrap_up_until is not None:
            one.say_outcome(disposition)
        elif agent:
            self._talked(agent, id).agent_ends(disposition)
        else:
            self._open(id).agent_ends(disposition, "supervisor")

    async def take_over(self, agent: str, id: str) -> None:
        one = self._open(id)
        if one.chat.phase is ChatPhase.TALKING and one.chat.agent == agent:
            return
        view = self._means.queues.agent_view(agent)
        if view is None or not view.signed_in:  # the next news of them would give it away again
            raise DeskRefused("chat_signed_out", "Only who is signed in at a desk can take a chat over.")
        one.do(lambda: one.handing.goes_to(agent))

    async def offer_call(self, agent: str, id: str) -> None:
        self._talked(agent, id).agent_offers_call(agent)

    # --- inside ---------------------------------------------------------------------------------------------

    def _check_target(self, to: str) -> None:
        view = self._means.queues.agent_view(to)
        if view is None or not view.signed_in or view.status is not AgentStatus.AVAILABLE:
            raise DeskRefused("chat_target", "That agent is not there now: choose another.")
        if not self._means.queues.may_take(to, WorkKind.CHAT):
            raise DeskRefused("chat_target", "That agent has no room for another chat: choose another.")

    def _open(self, id: str) -> ChatInProgress:
        one = self._chats.get(id)
        if one is None:
            raise _missing()
        if not one.chat.is_open:
            raise DeskRefused("chat_closed", "This chat is over.")
        return one

    def _talked(self, agent: str, id: str) -> ChatInProgress:
        """One that this agent talks in."""
        one = self._open(id)
        if one.chat.phase is not ChatPhase.TALKING or one.chat.agent != agent:
            raise DeskRefused("chat_held", "Somebody else has this chat now.")
        return one


# Whose chats were shown lately, and for how long nobody asks who they are.
MOST_PEOPLE = 1000
PERSON_LASTS = timedelta(seconds=15)
STORE_SECONDS = 3.0
AWAY_LASTS = timedelta(seconds=5)


def _is_of(one: ChatInProgress, agent: str) -> bool:
    offer = one.queueing.offer
    if offer is not None:
        return offer.agent == agent
    wraps = one.handing.wrap_up_until is not None
    return one.chat.agent == agent and (one.chat.phase is ChatPhase.TALKING or wraps)


def _missing() -> DeskRefused:
    return DeskRefused("chat_missing", "There is no such chat any more.")
