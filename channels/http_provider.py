"""What providers have in common that are handed messages over HTTP and tell of them by callbacks."""

from __future__ import annotations

from channels.callbacks import LONGEST_CALLBACK_BYTES, CallbackRefused
from channels.handing_over import LIMIT_SECONDS, HttpHandover
from channels.standing import Standing
from messaging.provider import Listeners, Pace, Receipt


class HttpProvider:
    """A part of messaging.provider.Provider and of channels.callbacks.CallbackReceiver."""

    longest_bytes = LONGEST_CALLBACK_BYTES

    def __init__(
        self,
        name: str,
        pace: Pace,
        *,
        private_networks: bool,
        verify_tls: bool = True,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self.name = name
        self.pace = pace
        self._http = HttpHandover(
            connections=pace.at_once,
            private_networks=private_networks,
            verify_tls=verify_tls,
            limit_seconds=limit_seconds,
        )
        self._standing = Standing()
        self._told: Listeners | None = None

    async def start(self, listeners: Listeners) -> None:
        await self._http.start()
        self._told = listeners
        self._standing.begin(listeners.standing)

    async def close(self) -> None:
        self._told = None
        self._standing.end()
        await self._http.close()

    async def ask(self, reference: str) -> Receipt | None:
        """They tell by themselves."""
        return None

    @property
    def _listeners(self) -> Listeners:
        """Raises CallbackRefused outside `start` and `close`."""
        if self._told is None:
            raise CallbackRefused(503, "the provider is not open")
        return self._told
