"""ARI: requests and events over one WebSocket, kept alive and reconciled after every outage.

The application exists in Asterisk while this connection does. Requests are answered by the same socket, so
every one has a limit, and the event filter must always let RESTResponse through.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson

from calls.control import ChannelGone, ControlLost, RequestRefused

log = logging.getLogger(__name__)

REQUEST_SECONDS = 5.0
"""Limit of a request. Asterisk answers in 0.13 ms when healthy."""
PING_SECONDS = 5.0
"""How long the socket may be quiet before Asterisk is asked whether it lives."""
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 5.0
GONE = frozenset({404, 409, 412})
"""Not there, not in our hands, or in no state to be acted on: the party is leaving or has left."""

Json = dict[str, Any]
EventHandler = Callable[[Json], None]


class AriRefused(Exception):
    """Asterisk is there but will not let us in; the text says why and what to do. Trying again is useless."""


@dataclass(frozen=True, slots=True)
class AriAddress:
    """`url` is Asterisk's HTTP server, such as http://127.0.0.1:8088."""

    url: str
    app: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reunion:
    """What was found on connecting: the channels of our application, as ARI describes them.

    `restarted`: Asterisk's start time differs from that of the connection before.
    """

    channels: tuple[Json, ...]
    restarted: bool


class AriConnection:
    """One application's connection. `handlers` are called in order, in the loop, by event type.

    Only those types are let through by Asterisk. `on_up` is called before the first event of a connection,
    `on_down` once after its last.
    """

    def __init__(
        self,
        address: AriAddress,
        handlers: Mapping[str, EventHandler],
        on_up: Callable[[Reunion], None],
        on_down: Callable[[], None],
    ) -> None:
        self._address = address
        self._handlers = {**handlers, "ApplicationReplaced": self._replaced}
        self._on_up = on_up
        self._on_down = on_down
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._last_id = 0
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._held: list[Json] | None = None
        self._started_at: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._superseded = False
        self.connected = False

    async def start(self, patience_seconds: float = 30.0) -> None:
        """Connect, and stay connected until closed.

        Raises AriRefused at once, or ControlLost when nothing answers within `patience_seconds`.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep_connected(first), name=f"ari {self._address.app}")
        try:
            await asyncio.wait({first, self._task}, timeout=patience_seconds, return_when="FIRST_COMPLETED")
            if first.done():
                first.result()
                return
            if self._task.done():
                self._task.result()
            raise ControlLost(
                f"Asterisk does not answer ARI at {self._address.url} since {patience_seconds:g} s:"
                " see whether it runs and http.conf binds this address"
            )
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Leave. Idempotent. Asterisk keeps the channels; new calls go to the dialplan's fallback."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # --- requests -----------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        uri: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        gone: frozenset[int] = GONE,
        seconds: float = REQUEST_SECONDS,
    ) -> Any:
        """Ask Asterisk, such as ("POST", "channels/ID/answer"); returns the decoded answer or None.

        Raises ChannelGone for a status in `gone`, RequestRefused for any other from 400 on, and ControlLost
        when there is no connection or no answer within `seconds`.
        """
        socket = self._socket
        if socket is None:
            raise ControlLost("not connected to Asterisk")
        self._last_id += 1
        request_id = str(self._last_id)
        message: Json = {
            "type": "RESTRequest",
            "request_id": request_id,
            "method": method,
            "uri": f"{uri}?{urlencode(query)}" if query else uri,
        }
        if body is not None:
            message["content_type"] = "application/json"
            message["message_body"] = orjson.dumps(body).decode()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Json] = loop.create_future()
        self._waiting[request_id] = answer
        limit = loop.call_later(seconds, self._expire, request_id, f"{method} {uri}", seconds)
        try:
            await socket.send_frame(orjson.dumps(message), aiohttp.WSMsgType.TEXT)
            response = await answer
        except aiohttp.ClientError as error:
            raise ControlLost(f"the connection to Asterisk broke: {error}") from error
        finally:
            limit.cancel()
            self._waiting.pop(request_id, None)
        status = response["status_code"]
        text = response.get("message_body")
        if status < 400:
            return orjson.loads(text) if text else None
        _raise_for(status, _reason(text) or response.get("reason_phrase", ""), f"{method} {uri}", gone)
        return None

    async def tidy(
        self,
        method: str,
        uri: str,
        query: Mapping[str, str | int] | None = None,
        *,
        gone: frozenset[int] = GONE,
        apart: bool = False,
    ) -> None:
        """Ask for what need not succeed: that the thing is gone is as good, any other failure is logged."""
        try:
            if apart:
                await self.request_apart(method, uri, query, gone=gone)
            else:
                await self.request(method, uri, query, gone=gone)
        except ChannelGone:
            pass
        except (ControlLost, RequestRefused) as error:
            log.warning("not done: %s", error)

    async def request_apart(
        self,
        method: str,
        uri: str,
        query: Mapping[str, str | int] | None = None,
        *,
        gone: frozenset[int] = GONE,
        seconds: float = REQUEST_SECONDS,
    ) -> None:
        """The same by HTTP, for a request that waits for a channel which plays or records.

        Asterisk answers the requests of one socket one after another: there, it would hold up all calls.
        """
        if self._session is None or self._socket is None:
            raise ControlLost("not connected to Asterisk")
        url = f"{self._address.url.rstrip('/')}/ari/{uri}"
        try:
            async with asyncio.timeout(seconds), self._session.request(method, url, params=query) as response:
                status, text = response.status, await response.text()
        except TimeoutError:
            raise ControlLost(f"Asterisk did not answer {method} {uri} within {seconds:g} s") from None
        except aiohttp.ClientError as error:
            raise ControlLost(f"the connection to Asterisk broke: {error}") from error
        _raise_for(status, _reason(text), f"{method} {uri}", gone)

    def _expire(self, request_id: str, what: str, seconds: float) -> None:
        answer = self._waiting.get(request_id)
        if answer is not None and not answer.done():
            answer.set_exception(ControlLost(f"Asterisk did not answer {what} within {seconds:g} s"))

    # --- the connection -----------------------------------------------------------------------------------

    async def _keep_connected(self, first: asyncio.Future[None]) -> None:
        retry_seconds = FIRST_RETRY_SECONDS
        url = f"{self._address.url.rstrip('/')}/ari/events"
        params = {"app": self._address.app, "subscribeAll": "false"}
        credentials = f"{self._address.user}:{self._address.password}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=REQUEST_SECONDS, sock_read=None)
        async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
            self._session = session
            while not self._superseded:
                try:
                    async with asyncio.timeout(REQUEST_SECONDS):
                        socket = await session.ws_connect(
                            url, params=params, max_msg_size=0, decode_text=False, autoclose=False
                        )
                except aiohttp.WSServerHandshakeError as error:
                    refusal = AriRefused(self._refusal(error.status))
                    if not first.done():
                        first.set_exception(refusal)
                        return
                    log.error("%s (trying again in %g s)", refusal, LONGEST_RETRY_SECONDS)
                    retry_seconds = LONGEST_RETRY_SECONDS
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    log.info("Asterisk is not reachable at %s: %s", url, error)
                else:
                    if await self._live(socket, first):
                        retry_seconds = FIRST_RETRY_SECONDS
                if not self._superseded:
                    await asyncio.sleep(retry_seconds)
                    retry_seconds = min(2 * retry_seconds, LONGEST_RETRY_SECONDS)

    async def _live(self, socket: aiohttp.ClientWebSocketResponse[bool], first: asyncio.Future[None]) -> bool:
        """One connection from its opening to its end; returns whether it ever was of use."""
        self._socket, self._held = socket, []
        reader = asyncio.create_task(self._read(socket), name="ari events")
        was_up = False
        try:
            self._come_up(await self._reunite())
            was_up = True
            if not first.done():
                first.set_result(None)
            while not (await asyncio.wait({reader}, timeout=PING_SECONDS))[0]:
                await self.request("GET", "asterisk/ping")
            if fault := reader.exception():
                log.error("reading from Asterisk failed", exc_info=fault)
        except (ControlLost, RequestRefused) as error:
            log.warning("the connection to Asterisk is given up: %s", error)
        finally:
            self._socket, self._held = None, None
            reader.cancel()
            closing = asyncio.gather(reader, _closed(socket), return_exceptions=True)
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ControlLost("the connection to Asterisk was lost"))
            if was_up:
                self.connected = False
                self._on_down()
            await closing
        return was_up

    async def _reunite(self) -> Reunion:
        app = self._address.app
        allowed = [{"type": kind} for kind in ("RESTResponse", *self._handlers)]
        known = await self.request("PUT", f"applications/{app}/eventFilter", body={"allowed": allowed})
        info = await self.request("GET", "asterisk/info", {"only": "status"})
        ours = set(known["channel_ids"])
        channels = tuple(
            channel
            for channel in await self.request("GET", "channels")
            if channel["id"] in ours or _is_in(channel, app)
        )
        started_at = info["status"]["startup_time"]
        restarted = self._started_at is not None and self._started_at != started_at
        self._started_at = started_at
        return Reunion(channels, restarted)

    def _come_up(self, reunion: Reunion) -> None:
        held, self._held = self._held or [], None
        arrived = {event["channel"]["id"] for event in held if event["type"] == "StasisStart"}
        known = tuple(channel for channel in reunion.channels if channel["id"] not in arrived)
        self.connected = True
        self._on_up(Reunion(known, reunion.restarted))
        for event in held:
            self._dispatch(event)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        text = aiohttp.WSMsgType.TEXT
        waiting = self._waiting
        receive = socket.receive
        while True:
            message = await receive()
            if message.type is not text:
                return
            data: Json = orjson.loads(message.data)
            if data["type"] == "RESTResponse":
                answer = waiting.get(data["request_id"])
                if answer is not None and not answer.done():
                    answer.set_result(data)
            elif self._held is not None:
                self._held.append(data)
            else:
                self._dispatch(data)
                if self._superseded:
                    return

    def _dispatch(self, event: Json) -> None:
        handler = self._handlers.get(event["type"])
        if handler is None:
            return
        try:
            handler(event)
        except Exception:
            # One call's fault must not cut off the others.
            log.exception("handling %s failed", event["type"])

    def _replaced(self, event: Json) -> None:
        self._superseded = True
        log.error(
            "another engine has taken over the application %s in Asterisk: stop one of the two",
            self._address.app,
        )

    def _refusal(self, status: int) -> str:
        url, user = self._address.url, self._address.user
        if status in (401, 403):
            return (
                f"Asterisk at {url} refuses the ARI user {user}: it was started with another password; "
                "stop that Asterisk, then start again"
            )
        if status == 404:
            return f"Asterisk at {url} has no ARI: load res_ari and res_ari_events, and enable ari.conf"
        return f"Asterisk at {url} refuses ARI with HTTP status {status}"


async def _closed(socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
    try:
        async with asyncio.timeout(0.5):
            await socket.close()
    except TimeoutError:
        log.info("Asterisk did not close the connection in time")


def _is_in(channel: Json, app: str) -> bool:
    dialplan = channel["dialplan"]
    return bool(dialplan["app_name"] == "Stasis" and dialplan["app_data"].partition(",")[0] == app)


def _raise_for(status: int, reason: str, what: str, gone: frozenset[int]) -> None:
    if status in gone:
        raise ChannelGone(f"{what}: {reason}")
    if status >= 400:
        raise RequestRefused(f"Asterisk refused {what}: {status} {reason}")


def _reason(text: str | None) -> str:
    if not text:
        return ""
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return str(body.get("message") or body.get("error") or text) if isinstance(body, dict) else text
