"""One bind that is kept up: connected, watched, and connected again with growing pauses."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from channels.smpp.link import BindRefused, Link, NotWritten, Unanswered, bound_link
from channels.smpp.pdus import ENQUIRE, Pdu
from channels.smpp.settings import Endpoint, SmppSettings

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# Providers lock accounts that try a wrong password again and again.
REFUSED_PAUSE_SECONDS = 60.0
# A bind that was lost sooner than this counts as a try that failed.
_STEADY_SECONDS = 10.0


class Bind:
    """`changed` is called when it is up or away; `lost` when a connection has ended."""

    def __init__(
        self,
        endpoint: Endpoint,
        settings: SmppSettings,
        delivered: Callable[[Link, Pdu], None],
        changed: Callable[[], None],
        lost: Callable[[Link], None],
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._delivered = delivered
        self._changed = changed
        self._lost = lost
        self._task: asyncio.Task[None] | None = None
        self.link: Link | None = None
        self.window = asyncio.Semaphore(settings.window)
        self.in_use = 0
        self.why = "it is not connected yet"

    @property
    def is_up(self) -> bool:
        return self.link is not None and self.link.is_open

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(
            self._keep(), name=f"smpp {self._settings.name} {self._endpoint}"
        )

    async def stop(self) -> None:
        """Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        link, self.link = self.link, None
        if link is not None:
            await link.leave()

    async def _keep(self) -> None:
        loop, pause_seconds = asyncio.get_running_loop(), FIRST_PAUSE_SECONDS
        while True:
            wait_seconds = pause_seconds
            try:
                self.link = await bound_link(self._endpoint, self._settings, self._delivered)
            except BindRefused as error:
                self.why = str(error)
                if error.is_ours:
                    wait_seconds = REFUSED_PAUSE_SECONDS
            except TimeoutError:
                self.why = f"it did not take the connection within {self._settings.connect_seconds:g} s"
            except OSError as error:
                self.why = f"it cannot be reached ({error.strerror or type(error).__name__})"
            except Exception:
                # A bind that is given up would be missed by nobody; it is tried again.
                log.exception("%s: binding failed by a fault of ours", self._settings.name)
                self.why = "binding failed by a fault of ours: see the log"
            else:
                since = loop.time()
                self._changed()
                await self._watch(self.link)
                self._lost(self.link)
                self.why = self.link.closed.result()
                self.link = None
                if loop.time() - since >= _STEADY_SECONDS:
                    wait_seconds = pause_seconds = FIRST_PAUSE_SECONDS
            log.warning("%s at %s: %s", self._settings.name, self._endpoint, self.why)
            self._changed()
            # Not all binds at the same moment.
            await asyncio.sleep(wait_seconds * random.uniform(0.75, 1.25))
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    async def _watch(self, link: Link) -> None:
        """Until it is closed. When nothing came for a while, the SMSC is asked for a sign of life."""
        loop, interval = asyncio.get_running_loop(), self._settings.enquire_seconds
        while not link.closed.done():
            silent_seconds = loop.time() - link.heard_at
            await asyncio.wait({link.closed}, timeout=max(interval - silent_seconds, 0.0))
            if link.closed.done() or loop.time() - link.heard_at < interval:
                continue
            if link.is_held:  # it is us who do not listen
                await asyncio.wait({link.closed}, timeout=interval)
                continue
            try:
                await link.request(ENQUIRE, b"", min(interval, self._settings.answer_seconds))
            except NotWritten as error:
                link.abort(str(error))
                await asyncio.wait({link.closed}, timeout=interval)
            except Unanswered:
                link.abort("the SMSC gave no sign of life")
                await asyncio.wait({link.closed}, timeout=interval)
