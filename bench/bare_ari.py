"""As little ARI as will do: one WebSocket, an event filter, requests that are sent and not waited for."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import uvloop

Json = dict[str, Any]
READY = "ready"  # printed once events come


class BareAri:
    """`handlers`: event type -> what to do with it."""

    def __init__(
        self, url: str, app: str, password: str, handlers: dict[str, Callable[[Json], None]]
    ) -> None:
        self._url = url
        self._app = app
        self._password = password
        self._handlers = handlers
        self._socket: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._outgoing: list[bytes] = []
        self._last_id = 0

    def ask(
        self, method: str, uri: str, query: dict[str, str] | None = None, body: Json | None = None
    ) -> None:
        """Requests are carried out in the order of asking."""
        self._last_id += 1
        request: Json = {
            "type": "RESTRequest",
            "request_id": str(self._last_id),
            "method": method,
            "uri": f"{uri}?{urlencode(query)}" if query else uri,
        }
        if body is not None:
            request |= {"content_type": "application/json", "message_body": orjson.dumps(body).decode()}
        self._outgoing.append(orjson.dumps(request))

    async def run(self) -> None:
        """Until the process is ended."""
        auth = aiohttp.BasicAuth("infolinia", self._password)
        async with aiohttp.ClientSession(auth=auth) as session:
            params = {"app": self._app, "subscribeAll": "false"}
            socket = await session.ws_connect(
                f"{self._url}/ari/events", params=params, max_msg_size=0, decode_text=False
            )
            allowed = [{"type": kind} for kind in ("RESTResponse", *self._handlers)]
            self.ask("PUT", f"applications/{self._app}/eventFilter", body={"allowed": allowed})
            await self._send(socket)
            print(READY, flush=True)
            async for message in socket:
                event: Json = orjson.loads(message.data)
                handler = self._handlers.get(event["type"])
                if handler is not None:
                    handler(event)
                elif event["type"] == "RESTResponse" and event["status_code"] >= 400:
                    _complain(event)
                await self._send(socket)

    async def _send(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        outgoing, self._outgoing = self._outgoing, []
        for request in outgoing:
            await socket.send_frame(request, aiohttp.WSMsgType.TEXT)


def _complain(answer: Json) -> None:
    if answer["status_code"] != 404:  # what is gone already need not be tidied up
        print(
            answer["status_code"], answer.get("uri"), answer.get("message_body"), file=sys.stderr, flush=True
        )


def arguments(description: str, names: Sequence[str]) -> argparse.Namespace:
    """The options of a process that calls.py starts; the password comes by the standard input."""
    parser = argparse.ArgumentParser(description=description)
    for name in names:
        parser.add_argument(f"--{name}", required=True)
    found = parser.parse_args()
    found.password = sys.stdin.readline().strip()
    return found


def serve(main: Callable[[], Any]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
