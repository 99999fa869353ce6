"""Agents' telephones: which of them have registered, and which are in use."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import quote

from asterisk.ari import AriConnection, Json
from asterisk.translation import phone_state
from calls.control import CallControlError, NetworkListener

log = logging.getLogger(__name__)


class Phones:
    """Asterisk's device states of the telephones `names`, told to `listener` as PhoneChanged."""

    def __init__(self, ari: AriConnection, app: str, names: Sequence[str], listener: NetworkListener) -> None:
        self._ari = ari
        self._app = app
        self._names = frozenset(names)
        self._tell = listener

    async def watch(self) -> None:
        """Hear of each change on this connection, and tell how each telephone is now."""
        for name in sorted(self._names):
            device = f"PJSIP/{name}"
            try:
                await self._ari.request(
                    "POST",
                    f"applications/{self._app}/subscription",
                    {"eventSource": f"deviceState:{device}"},
                )
                state = await self._ari.request("GET", f"deviceStates/{quote(device, safe='')}")
            except CallControlError as failure:
                log.warning("the telephone %s is not watched: %s", name, failure)
            else:
                self._told(state)

    def changed(self, event: Json) -> None:
        """Of Asterisk's DeviceStateChanged."""
        self._told(event["device_state"])

    def _told(self, device: Json) -> None:
        told = phone_state(device)
        if told is not None and told.phone in self._names:
            self._tell(told)
