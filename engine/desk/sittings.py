"""Sittings: which page is an agent's desk, by what password its telephone registers, and who has gone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from calls.control import CallControlError
from calls.talk_control import TalkControl
from engine.desk.page_news import PageNews
from engine.desk.refusals import DeskRefused
from engine.desk.view import DeskPart, PhoneCredentials

# A page that is loaded anew, or whose network is lost for a moment, is back by then.
AWAY_SECONDS = 20.0
# After a restart of the engine pages find back by themselves, each in its own time.
RESTART_SECONDS = 60.0
PHONE_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sitting:
    """`page` is the one that is the desk, None: none yet. `away`: the timer that runs while it is closed.

    `leaving`: that timer has run out, in the middle of a talk, after which the agent is signed out.
    """

    page: str | None = None
    password: str | None = None
    watchers: dict[PageNews, str] = field(default_factory=dict)  # each page's, with its id
    away: asyncio.TimerHandle | None = None
    leaving: bool = False


class Sittings:
    """`on_present(agent, there)` is told as pages come, and as the desk is given up; `on_gone(agent)` once
    nobody has been there for too long."""

    def __init__(
        self,
        control: TalkControl,
        *,
        on_present: Callable[[str, bool], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self._control = control
        self._on_present = on_present
        self._on_gone = on_gone
        self._sittings: dict[str, Sitting] = {}
        self._turns: dict[str, asyncio.Lock] = {}  # by agent: who lets a telephone in, or dismisses it
        self._background: set[asyncio.Task[None]] = set()

    def __contains__(self, agent: object) -> bool:
        return agent in self._sittings

    def all(self) -> tuple[str, ...]:
        return tuple(self._sittings)

    def get(self, agent: str) -> Sitting | None:
        return self._sittings.get(agent)

    async def sit_down(self, agent: str, page: str, *, browser: bool) -> PhoneCredentials:
        """This page is the desk from now on. Not a `browser`: the agent's own telephone rings."""
        sitting = self._sittings.get(agent) or Sitting()
        if browser:
            if sitting.away is not None:  # somebody is there: nobody may be given up meanwhile
                self._count_down(agent, sitting, AWAY_SECONDS)
            sitting.password = await self._admit(agent)
        self._sittings[agent] = sitting
        sitting.page = page
        for news, other in sitting.watchers.items():
            if other != page:
                news.tell(DeskPart.ELSEWHERE)
        self._there(agent, sitting)
        if page not in sitting.watchers.values():
            self._count_down(agent, sitting, AWAY_SECONDS)
        return PhoneCredentials(agent if browser else "", sitting.password or "")

    def take_back(self, agent: str) -> None:
        """Who sat at a desk of an earlier engine is given time to come back."""
        sitting = self._sittings.setdefault(agent, Sitting())
        self._on_present(agent, True)
        self._count_down(agent, sitting, RESTART_SECONDS)

    @asynccontextmanager
    async def watch(self, agent: str, page: str) -> AsyncIterator[PageNews]:
        """A page that is open. Another one than the desk is told ELSEWHERE at once."""
        news = PageNews()
        sitting = self._sittings.get(agent)
        if sitting is None:
            news.tell(DeskPart.SIGNED_OUT)
            yield news
            return
        if sitting.page is None:
            sitting.page = page
        if sitting.page != page:
            news.tell(DeskPart.ELSEWHERE)
        else:
            self._there(agent, sitting)
            if sitting.password is None:
                news.tell(DeskPart.PHONE)  # an earlier engine's is not known here
        sitting.watchers[news] = page
        try:
            yield news
        finally:
            sitting.watchers.pop(news, None)
            if sitting.page == page and page not in sitting.watchers.values():
                self._count_down(agent, sitting, AWAY_SECONDS)

    def closed(self, agent: str, page: str) -> None:
        """The page says that it closes: it is told nothing more."""
        sitting = self._sittings.get(agent)
        if sitting is None or sitting.page != page:
            return
        for news in [news for news, other in sitting.watchers.items() if other == page]:
            del sitting.watchers[news]
        self._count_down(agent, sitting, AWAY_SECONDS)

    async def leave(self, agent: str) -> None:
        """The desk is given up; its telephone's password is void. A call on it goes on. Idempotent."""
        sitting = self._sittings.pop(agent, None)
        if sitting is None:
            return
        if sitting.away is not None:
            sitting.away.cancel()
        self._on_present(agent, False)
        for news in sitting.watchers:
            news.tell(DeskPart.SIGNED_OUT)
        if sitting.password is not None:
            async with self._turn(agent):
                if agent not in self._sittings:  # nobody has signed in anew
                    await self._dismiss(agent)

    def tell(self, agent: str, part: DeskPart) -> None:
        """To the page that is the agent's desk."""
        sitting = self._sittings.get(agent)
        if sitting is not None:
            for news, page in sitting.watchers.items():
                if page == sitting.page:
                    news.tell(part)

    def tell_all(self, part: DeskPart) -> None:
        for agent in self._sittings:
            self.tell(agent, part)

    def asterisk_restarted(self) -> None:
        """It has forgotten all browsers: they are let in again, by the passwords that they have."""
        for agent, sitting in self._sittings.items():
            if sitting.password is not None:
                self._run(self._admit_again(agent, sitting.password))

    def close(self) -> None:
        """Nothing is timed any more; agents stay signed in, for the next engine."""
        for sitting in self._sittings.values():
            if sitting.away is not None:
                sitting.away.cancel()
        for task in self._background:
            task.cancel()

    # --- inside -------------------------------------------------------------------------------------------

    def _turn(self, agent: str) -> asyncio.Lock:
        return self._turns.setdefault(agent, asyncio.Lock())

    async def _admit(self, agent: str) -> str:
        """The telephone's new password. Raises DeskRefused."""
        password = secrets.token_urlsafe(32)
        async with self._turn(agent):
            try:
                async with asyncio.timeout(PHONE_SECONDS):
                    await self._control.admit_phone(agent, password)
            except (CallControlError, TimeoutError) as failure:
                log.warning("a desk's telephone was not admitted", agent=agent, why=str(failure))
                raise DeskRefused(
                    "asterisk", "Asterisk does not answer, so no call can come here: try again in a moment."
                ) from failure
        return password

    async def _dismiss(self, agent: str) -> None:
        try:
            async with asyncio.timeout(PHONE_SECONDS):
                await self._control.dismiss_phone(agent)
        except (CallControlError, TimeoutError) as failure:
            # Asterisk forgets it when it restarts; nobody is rung there meanwhile.
            log.warning("a desk's telephone was not dismissed", agent=agent, why=str(failure))

    async def _admit_again(self, agent: str, password: str) -> None:
        try:
            async with asyncio.timeout(PHONE_SECONDS):
                await self._control.admit_phone(agent, password)
        except (CallControlError, TimeoutError) as failure:
            log.warning("a desk's telephone was not admitted again", agent=agent, why=str(failure))
            self.tell(agent, DeskPart.PHONE)  # the page asks for another password

    def _there(self, agent: str, sitting: Sitting) -> None:
        sitting.leaving = False
        if sitting.away is not None:
            sitting.away.cancel()
            sitting.away = None
        self._on_present(agent, True)

    def _count_down(self, agent: str, sitting: Sitting, seconds: float) -> None:
        if sitting.away is not None:
            sitting.away.cancel()
        loop = asyncio.get_running_loop()
        sitting.away = loop.call_later(seconds, self._gone, agent, sitting)

    def _gone(self, agent: str, sitting: Sitting) -> None:
        sitting.away = None
        if self._sittings.get(agent) is sitting:
            sitting.leaving = True
            self._on_present(agent, False)
            self._on_gone(agent)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
