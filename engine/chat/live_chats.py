"""All chats of this engine, and what visitors' pages ask of them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import structlog

from acd.views import BoardNews
from acd.work import WorkKind
from calls.numbers import parse_number
from engine.changes import ConsentKept
from engine.chat.carried_calls import CarriedCalls
from engine.chat.chat_in_progress import ChatInProgress
from engine.chat.means import ChatMeans
from engine.chat.recovery import ChatRecovery, all_lines, facts_of
from engine.chat.sides import Arrival, ChatNews, ChatRefused, Opened, PageSeen
from engine.ports import StoreUnavailable
from engine.registers.actor import Actor, ActorKind
from engine.registers.chats import ChatFilter
from engine.registers.refusals import Missing
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from history.permissions import Consent, Proof
from ivr.dialogue import Dialogue
from ivr.steps.queue import Queue
from messaging.chat import NAME_MOST, PAGE_MOST, Chat, ChatLine, ChatPhase, LineKind, Speaker
from messaging.chat_limits import MOST_PAGES, TooMuch
from messaging.chat_site import ChatSite, ContactForm

STORE_SECONDS = 5.0
# Said is kept: so long a visitor's words wait for the store before they are taken all the same.
SAY_SECONDS = 2.0
# Whoever talked with the visitor lately is asked for first.
KNOWN_FOR = timedelta(days=1)
KNOWN_AMONG = 5
KNOWN_SECONDS = 2.0
# Open chats of a site that one address may have: a quarter of all, but so many at least.
LEAST_OF_ADDRESS = 20
CLOSING_SECONDS = 3.0

log = structlog.get_logger("chats")


class LiveChats:
    """Implements engine.chat.sides.VisitorSide. Runs between `start` and `close`."""

    def __init__(self, means: ChatMeans, carried: CarriedCalls) -> None:
        self._means = means
        self._carried = carried
        self._chats: dict[str, ChatInProgress] = {}
        self._opening: dict[str, int] = {}  # site -> so many are being opened
        self._addresses: dict[str, str] = {}  # chat -> from where it was opened
        self._beginning: set[asyncio.Task[None]] = set()
        self._stop_watching: Callable[[], None] = lambda: None
        self._recovery = ChatRecovery(means, self._chats, over=self._over)

    # --- for the engine -------------------------------------------------------------------------------------

    def all(self) -> tuple[ChatInProgress, ...]:
        """Oldest first; also those that are only just over."""
        return tuple(self._chats.values())

    def get(self, id: str) -> ChatInProgress | None:
        return self._chats.get(id)

    async def start(self) -> None:
        """Go on with those that an earlier engine left; a store that is away is asked again and again."""
        self._stop_watching = self._means.queues.watch(self._on_board)
        await self._recovery.start()

    async def close(self) -> None:
        self._stop_watching()
        self._stop_watching = lambda: None
        await self._recovery.close()
        if self._beginning:
            await asyncio.wait(self._beginning, timeout=CLOSING_SECONDS)
        for beginning in tuple(self._beginning):
            beginning.cancel()
        await asyncio.gather(*self._beginning, return_exceptions=True)
        await asyncio.gather(*(chat.close(CLOSING_SECONDS) for chat in self._chats.values()))

    def _over(self, chat: ChatInProgress) -> None:
        self._chats.pop(chat.id, None)
        self._addresses.pop(chat.id, None)

    def _on_board(self, news: BoardNews) -> None:
        """Who goes gives their visitors back."""
        view = news.agent
        gone = news.agent_gone or (view.name if view is not None and not view.signed_in else "")
        if gone:
            for chat in self.all():
                if chat.chat.phase is ChatPhase.TALKING and chat.chat.agent == gone:
                    chat.do(chat.handing.agent_lost)

    # --- VisitorSide ----------------------------------------------------------------------------------------

    async def open(self, arrival: Arrival) -> Opened:
        site = self._site(arrival.site)
        flow = self._means.flows.by_name(site.flow)
        if flow is None:
            raise ChatRefused("site", f"The flow {site.flow} of the site {site.name} is not loaded.")
        busy = [one.id for one in self._chats.values() if one.chat.site == site.name and one.chat.is_open]
        near = sum(self._addresses.get(one) == arrival.remote for one in busy) if arrival.remote else 0
        crowded = near >= max(LEAST_OF_ADDRESS, site.at_once // 4)
        if crowded or len(busy) + self._opening.get(site.name, 0) >= site.at_once:
            raise ChatRefused("full", "Too many people are writing just now: try again in a moment.")
        language = arrival.language if arrival.language in flow.languages else None
        dialogue = Dialogue(
            flow,
            facts=facts_of(site),
            surroundings=self._means.in_writing,
            language=language,
        )
        return await self._open(arrival, site, dialogue, flow.version)

    async def _open(self, arrival: Arrival, site: ChatSite, dialogue: Dialogue, version: str) -> Opened:
        means, now = self._means, self._means.clock.now()
        secret = secrets.token_urlsafe(32)
        lines = [_page_line(seq, page, now) for seq, page in enumerate(arrival.path[-MOST_PAGES:], 1)]
        wanted = Chat(
            id=means.ids.new(),
            site=site.name,
            point=ContactPoint(PointKind.VISITOR, arrival.visitor) if arrival.visitor else None,
            secret_hash=_hash(secret),
            opened_at=now,
            node=means.node,
            flow=site.flow,
            flow_version=version,
            language=arrival.language,
            page=lines[-1].text if lines else "",
            name=arrival.name.strip()[:NAME_MOST],
            state={"invited": arrival.invited[:NAME_MOST]} if arrival.invited else {},
            last_seq=len(lines),
            last_at=now,
        )
        beginning = asyncio.get_running_loop().create_task(
            self._begun(arrival, site, dialogue, wanted, lines)
        )
        # Until the store has answered: one that is slow is not asked by ever more at once.
        self._opening[site.name] = self._opening.get(site.name, 0) + 1
        self._beginning.add(beginning)
        beginning.add_done_callback(lambda task: self._has_begun(site.name, task))
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await asyncio.shield(beginning)
        except (StoreUnavailable, TimeoutError) as away:
            raise _away() from away
        return Opened(wanted.id, secret)

    async def _begun(
        self, arrival: Arrival, site: ChatSite, dialogue: Dialogue, wanted: Chat, lines: list[ChatLine]
    ) -> None:
        """What a slow store has opened after all is led, and over by itself: nobody else would close it."""
        means = self._means
        opened = await means.register.open(wanted, lines)
        chat = self._chats[opened.id] = ChatInProgress(opened, site, means, lines=lines, over=self._over)
        chat.known_agent = await self._known_agent(opened)
        if arrival.remote:
            self._addresses[opened.id] = arrival.remote
        if arrival.consent:
            await self._keep_consent(opened, arrival.consent)
        if arrival.phone and (phone := parse_number(arrival.phone, means.region).e164):
            await self._join(chat, phone)
        chat.begin(dialogue)

    def _has_begun(self, site: str, beginning: asyncio.Task[None]) -> None:
        self._opening[site] -= 1
        self._beginning.discard(beginning)
        if not beginning.cancelled() and (fault := beginning.exception()) is not None:
            log.warning("a chat is not opened", why=str(fault))

    async def _known_agent(self, chat: Chat) -> str:
        """With whom the visitor has talked lately, if the store tells it."""
        if chat.contact_id is None:
            return ""
        lately = ChatFilter(contact_id=chat.contact_id, since=chat.opened_at - KNOWN_FOR)
        try:
            async with asyncio.timeout(KNOWN_SECONDS):
                page = await self._means.register.list(lately, limit=KNOWN_AMONG)
        except (StoreUnavailable, TimeoutError):
            return ""
        return next((row.chat.agent for row in page.items if row.chat.agent), "")

    async def _keep_consent(self, chat: Chat, text: str) -> None:
        consent = Consent(
            id=f"{chat.id}-consent",
            at=chat.opened_at,
            channel="",
            purpose="chat",
            given=True,
            source=f"chat {chat.site}",
            contact_id=chat.contact_id,
            point=chat.point,
            proof=Proof(text=text),
        )
        await self._means.desk.ledger.commit([ConsentKept(consent, self._means.ids.new())])

    def can_open(self, site: str) -> bool:
        means, found = self._means, self._means.sites().get(site)
        flow = means.flows.by_name(found.flow) if found is not None else None
        if found is None or flow is None:
            return False
        now = means.clock.now()
        if found.hours is not None and means.surroundings.opening(found.hours, now) != "open":
            return False
        if sum(one.chat.site == site and one.chat.is_open for one in self.all()) >= found.at_once:
            return False
        queues = {step.body.name for step in flow.steps.values() if isinstance(step.body, Queue)}
        queues = {name for name in queues if name in means.queues}
        return not queues or any(means.queues.serves(name, WorkKind.CHAT) for name in queues)

    async def say(self, id: str, secret: str, text: str, client_id: str) -> int:
        chat = self._own(id, secret)
        if client_id and (known := chat.lines.with_client_id(client_id)) is not None:
            return known
        self._open_still(chat)
        try:
            words = chat.pace.take(text, self._means.clock.now())
        except TooMuch as much:
            raise ChatRefused(much.code, str(much), **much.values) from much
        seq = chat.visitor_says(words, client_id[:NAME_MOST])
        await chat.kept(SAY_SECONDS)
        return seq

    async def press(self, id: str, secret: str, value: str, client_id: str) -> int:
        chat = self._own(id, secret)
        if client_id and (known := chat.lines.with_client_id(client_id)) is not None:
            return known
        self._open_still(chat)
        button = next((one for one in chat.buttons if one.value == value), None)
        if button is None:
            raise ChatRefused("again", "That choice is not offered any more: choose anew.")
        try:
            chat.pace.press(self._means.clock.now())
        except TooMuch as much:
            raise ChatRefused(much.code, str(much), **much.values) from much
        seq = chat.visitor_presses(button, client_id[:NAME_MOST])
        await chat.kept(SAY_SECONDS)
        return seq

    async def seen(self, id: str, secret: str, page: PageSeen) -> None:
        chat = self._own(id, secret)
        chat.seen(PageSeen(page.at, page.address[:PAGE_MOST], page.title[:NAME_MOST]))

    async def typing(self, id: str, secret: str) -> None:
        chat = self._own(id, secret)
        if chat.chat.is_open:
            chat.presence.visitor_writes(self._means.clock.now())
            chat.looked_at()

    async def follow(self, id: str, secret: str, after: int) -> AsyncIterator[ChatNews]:
        chat = self._chats.get(id)
        if chat is None:
            yield await self._past_news(id, secret, after)
            return
        chat = self._own(id, secret)
        if chat.presence.crowded:
            raise ChatRefused("full", "This chat is open in too many windows: close one.")
        follower, changed = chat.presence.come()
        chat.looked_at()
        try:
            while True:
                changed.clear()
                news = chat.news(after)
                after = max(after, news.chat.last_seq)
                yield news
                if not news.chat.is_open:
                    return
                await changed.wait()
        finally:
            chat.presence.go(follower, self._means.clock.now())
            chat.looked_at()

    async def end(self, id: str, secret: str) -> None:
        chat = self._own(id, secret)
        chat.visitor_ends()
        await chat.kept(SAY_SECONDS)

    async def wants_call(self, id: str, secret: str, number: str) -> str:
        chat, now = self._own(id, secret), self._means.clock.now()
        phone = parse_number(number, self._means.region).e164
        if phone is None:
            raise ChatRefused("number", "This is no telephone number: write it as +48 600 000 000.")
        form = chat.site.form or ContactForm()
        asked = CallbackRequest(
            id=self._means.ids.new(),
            point=ContactPoint(PointKind.PHONE, phone),
            topic=form.topic,
            source=CallbackSource.FORM,
            requested_at=now,
            window_to=now + form.within,
            campaign=form.campaign,
            note=f"chat {id}",
            name=chat.chat.name or None,
            language=chat.language,
        )
        actor = Actor(ActorKind.ENGINE, f"chat:{chat.site.name}")
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._means.callbacks.request(actor, asked, ask_id=f"chat:{id}:{phone}")
        except (StoreUnavailable, TimeoutError) as away:
            raise _away() from away
        if chat.chat.is_open:
            chat.visitor_calls("callback", phone)
        await self._join(chat, phone)
        return phone

    async def _join(self, chat: ChatInProgress, phone: str) -> None:
        """They and their chat are that person's; a store that is away leaves them apart."""
        await chat.kept(SAY_SECONDS)
        try:
            async with asyncio.timeout(STORE_SECONDS):
                chat.visitor_joined(await self._means.register.join(chat.id, phone))
        except (StoreUnavailable, TimeoutError, Missing) as away:
            log.warning("a chat is not joined to its number", chat=chat.id, why=str(away))

    async def calls(self, id: str, secret: str, visitor_call: str) -> None:
        chat = self._own(id, secret)
        self._open_still(chat)
        chat.visitor_calls("browser")
        await self._carried.carry(visitor_call, chat)

    async def check(self, id: str, secret: str) -> Chat:
        chat = self._chats.get(id)
        if chat is not None:
            return self._own(id, secret).chat
        return await self._past(id, secret)

    # --- inside ---------------------------------------------------------------------------------------------

    def _site(self, name: str) -> ChatSite:
        site = self._means.sites().get(name)
        if site is None:
            raise ChatRefused("site", f"There is no site {name[:40]!r}.")
        return site

    def _own(self, id: str, secret: str) -> ChatInProgress:
        chat = self._chats.get(id)
        if chat is None and self._recovery.goes_on:
            raise _away()  # it may be one of those that the store has not told yet
        if chat is None or not hmac.compare_digest(chat.chat.secret_hash, _hash(secret)):
            raise _gone()
        return chat

    def _open_still(self, chat: ChatInProgress) -> None:
        if not chat.chat.is_open:
            raise ChatRefused("closed", "This chat is over: begin another.")
        if chat.keeps_no_more:
            raise _away()

    async def _past(self, id: str, secret: str) -> Chat:
        """One that is over, or another engine's."""
        try:
            async with asyncio.timeout(STORE_SECONDS):
                chat = await self._means.register.get(id)
        except Missing:
            raise _gone() from None
        except (StoreUnavailable, TimeoutError) as away:
            raise _away() from away
        if not hmac.compare_digest(chat.secret_hash, _hash(secret)):
            raise _gone()
        return chat

    async def _past_news(self, id: str, secret: str, after: int) -> ChatNews:
        chat = await self._past(id, secret)
        try:
            async with asyncio.timeout(STORE_SECONDS):
                lines = await all_lines(self._means.register, id)
        except (StoreUnavailable, TimeoutError) as away:
            raise _away() from away
        shown = self._means.shown(chat.agent) if chat.agent else ""
        told = [one for one in lines[after:] if one.kind not in (LineKind.PAGE, LineKind.NOTE)]
        return ChatNews(chat, told, agent_shown=shown, free_text=False)


def _page_line(seq: int, page: PageSeen, now: datetime) -> ChatLine:
    data = {"title": page.title[:NAME_MOST]} if page.title else {}
    address = page.address[:PAGE_MOST]
    return ChatLine(seq, min(page.at, now), Speaker.VISITOR, LineKind.PAGE, address, data=data)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _gone() -> ChatRefused:
    return ChatRefused("gone", "There is no such chat any more: begin another.")


def _away() -> ChatRefused:
    return ChatRefused("away", "We cannot be reached just now: try again in a moment.")
