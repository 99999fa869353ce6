"""Bridges of ours: made with their channels, and taken apart so that the channels can be used at once."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence

from asterisk.ari import GONE, AriConnection
from asterisk.busy import BusyChannels
from calls.control import CallControlError, ChannelGone

log = logging.getLogger(__name__)

NOT_THERE = GONE | {400, 422}
"""Bridges answer 400 for an unknown channel, and 422 for one that is not in our application."""

EXISTS = frozenset({409})

ONE_PERSON = "mixing"
"""For a person and what we play to them: straight through."""
TALK = "mixing,video_sfu"
"""For people who talk: always mixed. No other type stays so with two in it; nobody here has video.

A translator of Debian's Asterisk 22.10.1 takes a frame whose RTP sequence number is more than 32,768 ahead of
the last one's for a late one, and drops all until the numbers have come round: for up to 11 minutes. Straight
through, sound carries its sender's numbers; mixed, and in music, it carries none. So whenever they alternate
(a third comes and goes, music ends) or one sender follows another (a transfer), a recording, or the person
themselves, would hear nothing more every second time.
"""


class Bridges:
    def __init__(self, ari: AriConnection, busy: BusyChannels) -> None:
        self._ari = ari
        self._busy = busy
        self._members: dict[str, tuple[str, ...]] = {}

    async def make(self, bridge_id: str, kind: str) -> None:
        """That it is there already is as good: after a break it is not known what was done."""
        with contextlib.suppress(ChannelGone):
            await self._ari.request("POST", f"bridges/{bridge_id}", {"type": kind}, gone=EXISTS)
        self._members.setdefault(bridge_id, ())

    async def connect(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """Raises ChannelGone when one of them has ended; the bridge is destroyed then.

        A channel that plays or records comes in when it has ended that.
        """
        before = self._members.get(bridge_id, ())
        self._members[bridge_id] = (*(one for one in before if one not in channel_ids), *channel_ids)
        try:
            if any(channel_id in self._busy for channel_id in channel_ids):
                ask = self._ari.request_apart
            else:
                ask = self._ari.request
            channels = {"channel": ",".join(channel_ids)}
            await ask("POST", f"bridges/{bridge_id}/addChannel", channels, gone=NOT_THERE)
        except CallControlError:
            await self.destroy(bridge_id)
            raise

    async def move(self, channel_id: str, bridge_id: str) -> None:
        """Into a bridge that is there. Raises ChannelGone when either is not; the bridge stays then."""
        ask = self._ari.request_apart if channel_id in self._busy else self._ari.request
        await ask("POST", f"bridges/{bridge_id}/addChannel", {"channel": channel_id}, gone=NOT_THERE)
        for other, members in self._members.items():
            self._members[other] = tuple(member for member in members if member != channel_id)
        self._members[bridge_id] = (*self._members.get(bridge_id, ()), channel_id)

    async def take_out(self, channel_id: str, bridge_id: str) -> None:
        """Raises ChannelGone when it is not in it."""
        ask = self._ari.request_apart if channel_id in self._busy else self._ari.request
        await ask("POST", f"bridges/{bridge_id}/removeChannel", {"channel": channel_id}, gone=NOT_THERE)
        if bridge_id in self._members:
            members = self._members[bridge_id]
            self._members[bridge_id] = tuple(member for member in members if member != channel_id)

    async def destroy(self, bridge_id: str) -> None:
        """That it is gone already is as good."""
        # removeChannel returns once a channel is out. Deleting a bridge does not wait for that, and a
        # playback begun meanwhile would be lost without an event.
        for channel_id in self._members.pop(bridge_id, ()):
            await self._ari.tidy(
                "POST",
                f"bridges/{bridge_id}/removeChannel",
                {"channel": channel_id},
                gone=NOT_THERE,
                apart=channel_id in self._busy,
            )
        await self._ari.tidy("DELETE", f"bridges/{bridge_id}")

    async def sweep(self, prefix: str) -> None:
        """Remove empty bridges of that name that are not ours: an earlier engine's."""
        try:
            for bridge in await self._ari.request("GET", "bridges"):
                bridge_id: str = bridge["id"]
                if bridge_id.startswith(prefix) and bridge_id not in self._members and not bridge["channels"]:
                    await self._ari.tidy("DELETE", f"bridges/{bridge_id}")
        except CallControlError as error:
            log.info("bridges of before are not looked for: %s", error)

    def forget(self) -> None:
        """Asterisk was restarted: there are no bridges."""
        self._members.clear()
