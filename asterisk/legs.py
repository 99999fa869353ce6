"""Legs of ours: channels that we place, over a trunk or to an agent's telephone."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from asterisk.ari import AriConnection
from asterisk.translation import Json, browser_leg, is_wideband, leg_request
from calls.control import RequestRefused


class Legs:
    """`live` holds the channels that are there: a leg's id is added as it is asked for.

    `trunks` are PJSIP endpoints, the first is the default; `phones` the names of telephones, `browsers` those
    of browsers that may register.
    """

    def __init__(
        self,
        ari: AriConnection,
        app: str,
        live: set[str],
        trunks: Sequence[str],
        phones: Container[str],
        browsers: Container[object],
    ) -> None:
        self._ari = ari
        self._app = app
        self._live = live
        self._trunks = tuple(trunks)
        self._phones = phones
        self._browsers = browsers

    async def call(
        self,
        channel_id: str,
        number: str,
        trunk: str | None,
        *,
        caller_id: str,
        ring_seconds: int,
        call_id: str,
    ) -> None:
        """Refused when there is no trunk at all."""
        way_out = trunk or next(iter(self._trunks), None)
        if way_out is None:
            raise RequestRefused(f"no trunk leads to {number}: add one to `sip.trunks` in the configuration")
        leg = leg_request(number, way_out, self._app, caller_id, ring_seconds, call_id)
        await self._place(channel_id, leg)

    async def ring(
        self, channel_id: str, phone: str, *, caller_id: str, ring_seconds: int, call_id: str
    ) -> None:
        """Refused when the telephone has not registered."""
        if phone not in self._phones:
            raise RequestRefused(f"there is no telephone {phone!r}: add it to `agents` in the configuration")
        await self._place(channel_id, leg_request(phone, None, self._app, caller_id, ring_seconds, call_id))

    async def ring_browser(
        self,
        channel_id: str,
        phone: str,
        headers: Mapping[str, str],
        *,
        caller_id: str,
        ring_seconds: int,
        call_id: str,
    ) -> None:
        """Refused when it may not register, or has not. `headers`: see browser_leg."""
        if phone not in self._browsers:
            raise RequestRefused(f"there is no browser {phone!r}: its page has not signed in")
        leg = leg_request(phone, None, self._app, caller_id, ring_seconds, call_id)
        await self._place(channel_id, browser_leg(leg, headers))

    async def is_wideband(self, channel_id: str) -> bool:
        """Of a leg that was answered."""
        query: dict[str, str | int] = {"variable": "CHANNEL(audionativeformat)"}
        found = await self._ari.request("GET", f"channels/{channel_id}/variable", query)
        return is_wideband(found["value"])

    async def _place(self, channel_id: str, leg: Json) -> None:
        if channel_id in self._live:
            raise RequestRefused(f"there is a channel {channel_id} already")
        self._live.add(channel_id)
        try:
            await self._ari.request(
                "POST", "channels", body={**leg, "channelId": channel_id}, gone=frozenset()
            )
        except RequestRefused:
            self._live.discard(channel_id)
            raise
