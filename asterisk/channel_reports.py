"""What Asterisk tells of channels, turned into NetworkEvents."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from asterisk.ari import AriConnection, Json
from asterisk.busy import BusyChannels
from asterisk.detection import JUDGED_ARGUMENT, Detection
from asterisk.media_channel import MediaChannels
from asterisk.sound import ChannelSound
from asterisk.talks import SNOOP_ARGUMENT, Talks
from asterisk.translation import LEG_ARGUMENT, arrival, came_in
from asterisk.visitor_channels import VisitorChannels
from asterisk.voices import Voices
from calls.control import (
    ChannelEnded,
    KeyPressed,
    LegAnswered,
    LegRinging,
    NetworkListener,
    PlaybackEnded,
)

log = logging.getLogger(__name__)

DESTROYED_SECONDS = 1.0
"""How long the end of a leg of ours may take to be told; a few milliseconds are usual."""

EVENTS = (
    "StasisStart",
    "ChannelHangupRequest",
    "StasisEnd",
    "ChannelDestroyed",
    "ChannelDtmfReceived",
    "Dial",
    "PlaybackFinished",
    "RecordingFinished",
    "RecordingFailed",
)


class ChannelReports:
    """`live` holds the channels that are there: told as arrived, originated or found, and not as ended."""

    def __init__(
        self,
        ari: AriConnection,
        listener: NetworkListener,
        marks: tuple[str, ...],
        live: set[str],
        *,
        busy: BusyChannels,
        sound: ChannelSound,
        media: MediaChannels,
        voices: Voices,
        visitors: VisitorChannels,
        talks: Talks,
        detection: Detection,
        run: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._ari = ari
        self._tell = listener
        self._marks = marks
        self._live = live
        self._busy = busy
        self._sound = sound
        self._media = media
        self._voices = voices
        self._visitors = visitors
        self._talks = talks
        self._detection = detection
        self._run = run
        self._causes: dict[str, int] = {}  # of those being hung up

    def hear(self, event: Json) -> None:
        """One of EVENTS."""
        match event["type"]:
            case "StasisStart":
                self._entered(event)
            case "ChannelHangupRequest":
                self._hanging_up(event)
            case "StasisEnd":
                self._exited(event)
            case "ChannelDestroyed":
                self._destroyed(event)
            case "ChannelDtmfReceived":
                self._key(event)
            case "Dial":
                self._dial(event)
            case "PlaybackFinished":
                self._played(event)
            case "RecordingFinished" | "RecordingFailed":
                self._recorded(event)

    def hung_up(self, channel_id: str, cause: int) -> None:
        """We are about to end it: whatever Asterisk tells, this is why."""
        if channel_id in self._live:
            self._causes[channel_id] = cause

    def forget(self) -> None:
        """Another connection: what was being hung up is found out anew."""
        self._causes.clear()

    def _entered(self, event: Json) -> None:
        channel = event["channel"]
        channel_id: str = channel["id"]
        if self._media.entered(channel_id):
            return
        args = event["args"]
        if args and args[0] == SNOOP_ARGUMENT:
            self._talks.entered(channel_id)
            return
        if args and args[0] == JUDGED_ARGUMENT and self._detection.judged(channel_id, args):
            return
        if args and args[0] == LEG_ARGUMENT:
            self._tell(LegAnswered(channel_id))
            return
        if args and args[0] == JUDGED_ARGUMENT and channel_id in self._live:
            # Its verdict came too late, or for an engine that is no more: it was answered, that is all.
            self._tell(LegAnswered(channel_id))
            return
        call = arrival(channel, args, self._marks)
        if call is not None:
            # The same channel may come again, after its time in the dialplan's retry loop.
            self._live.add(channel_id)
            self._tell(call)
        else:
            log.info("the channel %s (%s) is none of ours: hung up", channel_id, channel["name"])
            self._run(self._ari.tidy("DELETE", f"channels/{channel_id}"))

    def _hanging_up(self, event: Json) -> None:
        channel_id: str = event["channel"]["id"]
        # Of a hang-up from within Asterisk ("soft") the cause is not Q.850 but a flag of its own.
        if channel_id in self._live and not event.get("soft"):
            self._causes[channel_id] = event.get("cause", 0)

    def _exited(self, event: Json) -> None:
        channel_id: str = event["channel"]["id"]
        if self._detection.has(channel_id):
            return  # it comes back; should it end first, that is told
        if came_in(event["channel"]):
            # Asterisk tells nothing more of a channel from the dialplan: no ChannelDestroyed follows.
            self._ended(channel_id, self._causes.get(channel_id, 0))
        else:
            # Of one that we placed it does, and only that tells why.
            loop = asyncio.get_running_loop()
            loop.call_later(DESTROYED_SECONDS, self._ended, channel_id, self._causes.get(channel_id, 0))

    def _destroyed(self, event: Json) -> None:
        self._ended(event["channel"]["id"], event["cause"])

    def _ended(self, channel_id: str, cause: int) -> None:
        if channel_id not in self._live:
            return
        self._live.remove(channel_id)
        self._busy.forget(channel_id)
        self._causes.pop(channel_id, None)
        self._voices.ended(channel_id)
        self._visitors.ended(channel_id)
        self._detection.ended(channel_id)
        self._tell(ChannelEnded(channel_id, cause))

    def _key(self, event: Json) -> None:
        channel_id: str = event["channel"]["id"]
        if channel_id in self._live:
            self._tell(KeyPressed(channel_id, event["digit"]))

    def _dial(self, event: Json) -> None:
        channel_id: str = event["peer"]["id"]
        if event["dialstatus"] == "RINGING" and channel_id in self._live:
            self._tell(LegRinging(channel_id))

    def _played(self, event: Json) -> None:
        playback = event["playback"]
        self._busy.end(playback["id"])
        channel_id: str = playback["target_uri"].removeprefix("channel:")
        # A hang-up in the middle of a prompt counts as its failure too.
        failed = playback["state"] == "failed" and channel_id not in self._causes
        self._tell(PlaybackEnded(playback["id"], failed))

    def _recorded(self, event: Json) -> None:
        recording = event["recording"]
        name: str = recording["name"]
        self._busy.end(name)
        self._visitors.recording_ended(name)
        self._tell(self._sound.recorded(recording, failed=event["type"] == "RecordingFailed"))
