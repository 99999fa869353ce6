"""Agents' telephones: which of them have registered, and which are in use."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import quote

from asterisk.ami import AmiConnection
from asterisk.ari import AriConnection, Json
from asterisk.translation import phone_state
from calls.control import CallControlError, NetworkListener, PhoneChanged, RequestRefused

log = logging.getLogger(__name__)

AMI_PATIENCE_SECONDS = 30.0


class Phones:
    """Asterisk's device states of the telephones `names`, told to `listener` as PhoneChanged."""

    def __init__(
        self,
        ari: AriConnection,
        app: str,
        names: Sequence[str],
        listener: NetworkListener,
        ami: AmiConnection | None = None,
    ) -> None:
        self._ari = ari
        self._app = app
        self._names = set(names)
        self._tell = listener
        self._ami = ami

    async def watch(self) -> None:
        """Hear of each change on this connection, and tell how each telephone is now.

        An Asterisk that has just started takes the telephones that it remembers for unreachable until their
        turn to be asked comes; with AMI, they are asked at once.
        """
        for name in sorted(self._names):
            try:
                await self._watch_one(name)
            except CallControlError as failure:
                log.warning("the telephone %s is not watched: %s", name, failure)
        if self._ami is not None and self._names:
            await self._qualify(self._ami)

    async def add(self, name: str) -> None:
        """One more, and tell how it is now."""
        self._names.add(name)
        await self._watch_one(name)

    async def remove(self, name: str) -> None:
        """It is there no more."""
        if name in self._names:
            self._names.remove(name)
            self._tell(PhoneChanged(name, reachable=False))
            await self._ari.tidy("DELETE", self._subscription, {"eventSource": f"deviceState:PJSIP/{name}"})

    def changed(self, event: Json) -> None:
        """Of Asterisk's DeviceStateChanged."""
        self._told(event["device_state"])

    @property
    def _subscription(self) -> str:
        return f"applications/{self._app}/subscription"

    async def _watch_one(self, name: str) -> None:
        device = f"PJSIP/{name}"
        await self._ari.request("POST", self._subscription, {"eventSource": f"deviceState:{device}"})
        self._told(await self._ari.request("GET", f"deviceStates/{quote(device, safe='')}"))

    async def _qualify(self, ami: AmiConnection) -> None:
        try:
            await ami.until_connected(AMI_PATIENCE_SECONDS)
            for name in sorted(self._names):
                try:
                    await ami.action("PJSIPQualify", {"Endpoint": name})
                except RequestRefused as refused:
                    log.warning("the telephone %s is not asked whether it is there: %s", name, refused)
        except CallControlError as failure:
            log.warning("the telephones are not asked whether they are there: %s", failure)

    def _told(self, device: Json) -> None:
        told = phone_state(device)
        if told is not None and told.phone in self._names:
            self._tell(told)
