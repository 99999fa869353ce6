"""AsteriskControl: the CallControl port over ARI, and Asterisk's events turned into NetworkEvents."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from asterisk.ami import AmiConnection
from asterisk.ari import AriAddress, AriConnection, Json, Reunion
from asterisk.bridges import TALK, Bridges
from asterisk.browser_phones import BrowserPhones
from asterisk.busy import BusyChannels
from asterisk.channel_reports import EVENTS, ChannelReports
from asterisk.channel_variables import ChannelVariables
from asterisk.detection import Detection
from asterisk.legs import Legs
from asterisk.media import MediaPath, MediaServer
from asterisk.media_channel import MediaChannels
from asterisk.phones import Phones
from asterisk.sip_phones import SipPhones
from asterisk.sound import ChannelSound
from asterisk.talks import Talks
from asterisk.translation import KEYS, MEDIA_PREFIX, VISITOR_PREFIX, snapshot
from asterisk.visitor_channels import VisitorChannels
from asterisk.voices import Voices
from calls.control import (
    ControlDropped,
    ControlLost,
    ControlRestored,
    NetworkListener,
    RequestRefused,
)
from calls.detection import Sounding
from calls.talk_control import TalkFiles

log = logging.getLogger(__name__)

FALLBACK_CONTEXT = "fallback"
SWEEP_SECONDS = 30.0
"""After connecting: empty bridges of an engine that died are removed once its calls have been adopted."""


class AsteriskControl:
    """Acts on the calls of one ARI application. `trunks` are PJSIP endpoints, the first is the default.

    `recording_dir` is Asterisk's, `marks` are the variables that ari.conf puts on every channel
    (channelvars). The first event that `listener` gets is ControlRestored. `ami` sets the variables of a
    channel that plays or records: ARI would wait for its end, and the dead-man strike meanwhile.

    `play` works in a two-party bridge too: the caller hears the file whole and unmixed, keys still arrive,
    but until its end Asterisk throws the caller's speech away, and what is spoken waits.

    `phones`: SIP telephones; `sip_phones` changes them. `browser_address`: the only address that browsers'
    audio uses; "" where they are on other machines too.

    A caller whom the dead-man (`guard`) has taken back to the dialplan is told as ChannelEnded with cause 0;
    the same channel may arrive again.
    """

    def __init__(
        self,
        address: AriAddress,
        media: MediaServer,
        listener: NetworkListener,
        *,
        recording_dir: Path,
        trunks: Sequence[str] = ("loopback",),
        marks: Sequence[str] = ("INFOLINIA_CALL",),
        ami: AmiConnection | None = None,
        phones: Sequence[str] = (),
        browser_address: str = "127.0.0.1",
    ) -> None:
        self._app = address.app
        self._tell = listener
        self._marks = tuple(marks)
        self._live: set[str] = set()  # told as arrived, originated or found alive, and not yet as ended
        self._errands: set[asyncio.Task[None]] = set()
        self._ari = AriConnection(
            address,
            {**dict.fromkeys(EVENTS, self._hear), "DeviceStateChanged": self._device_changed},
            self._restored,
            self._dropped,
        )
        self._ask = self._ari.request
        self._busy = BusyChannels()
        self._sound = ChannelSound(self._ari, self._busy, recording_dir)
        self._bridges = Bridges(self._ari, self._busy)
        self._media = MediaChannels(self._ari, media, address.app)
        self._variables = ChannelVariables(self._ari, ami, self._busy, self._run)
        self._voices = Voices(self._bridges, self._media, address.app, self._live, self._run)
        self._visitors = VisitorChannels(self._ari, self._media, self._live, self._run, listener)
        self._talks = Talks(
            self._ari, address.app, self._live, self._busy, ami, recording_dir.with_name("monitor")
        )
        self._phones = Phones(self._ari, address.app, phones, listener, ami)
        sip = set(phones)
        taken = frozenset(trunks)
        self._browsers = BrowserPhones(self._ari, self._phones, taken, sip, browser_address, ami)
        self.sip_phones = SipPhones(sip, self._phones, self._browsers)
        self._detection = Detection(self._ari)
        self._reports = ChannelReports(
            self._ari,
            listener,
            self._marks,
            self._live,
            busy=self._busy,
            sound=self._sound,
            media=self._media,
            voices=self._voices,
            visitors=self._visitors,
            talks=self._talks,
            detection=self._detection,
            run=self._run,
        )
        self._legs = Legs(self._ari, address.app, self._live, trunks, sip, self._browsers)

    @property
    def connected(self) -> bool:
        return self._ari.connected

    async def start(self, patience_seconds: float = 30.0) -> None:
        """Connect and stay connected. Raises AriRefused, or ControlLost after `patience_seconds`."""
        await self._ari.start(patience_seconds)

    async def close(self) -> None:
        """Disconnect; the channels stay with Asterisk, their voice paths are closed. Idempotent."""
        await self._voices.close_all()
        await asyncio.gather(*tuple(self._errands), return_exceptions=True)
        await self._ari.close()

    # --- CallControl --------------------------------------------------------------------------------------

    async def answer(self, channel_id: str) -> None:
        await self._ask("POST", f"channels/{channel_id}/answer")

    async def play(self, channel_id: str, playback_id: str, files: Sequence[str]) -> None:
        await self._sound.play(channel_id, playback_id, files)

    async def stop_playing(self, playback_id: str) -> None:
        await self._ask("DELETE", f"playbacks/{playback_id}")

    async def open_voice(self, channel_id: str, *, wideband: bool) -> MediaPath:
        """Put the caller's audio on a media socket (16 kHz when `wideband`, else 8 kHz).

        A path that the channel still has is closed first.
        """
        return await self._voices.open(channel_id, wideband=wideband)

    async def record(
        self, channel_id: str, recording_id: str, *, longest_seconds: int, silence_seconds: int, beep: bool
    ) -> None:
        await self._sound.record(channel_id, recording_id, longest_seconds, silence_seconds, beep=beep)
        self._visitors.recording_began(channel_id, recording_id)

    async def stop_recording(self, recording_id: str) -> None:
        await self._ask("POST", f"recordings/live/{quote(recording_id, safe='')}/stop")

    async def originate(
        self,
        channel_id: str,
        number: str,
        *,
        caller_id: str,
        ring_seconds: int,
        call_id: str,
        trunk: str | None = None,
    ) -> None:
        await self._legs.call(
            channel_id, number, trunk, caller_id=caller_id, ring_seconds=ring_seconds, call_id=call_id
        )

    async def ring(
        self, channel_id: str, phone: str, *, caller_id: str, ring_seconds: int, call_id: str
    ) -> None:
        await self._legs.ring(
            channel_id, phone, caller_id=caller_id, ring_seconds=ring_seconds, call_id=call_id
        )

    async def is_wideband(self, channel_id: str) -> bool:
        return await self._legs.is_wideband(channel_id)

    async def bridge(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """Make a bridge of people and connect the channels, taking them out of where they were."""
        await self._bridges.make(bridge_id, TALK)
        await self._bridges.connect(bridge_id, channel_ids)

    async def destroy_bridge(self, bridge_id: str) -> None:
        """Its channels stay up and can be acted on at once. Idempotent."""
        await self._bridges.destroy(bridge_id)

    async def music(self, channel_id: str, *, on: bool) -> None:
        await self._ask("POST" if on else "DELETE", f"channels/{channel_id}/moh")

    async def send_keys(self, channel_id: str, keys: str) -> None:
        if not KEYS.fullmatch(keys):
            raise RequestRefused(f"{keys!r} are no keys: use 0-9, *, # and A-D")
        await self._ask("POST", f"channels/{channel_id}/dtmf", {"dtmf": keys, "duration": 120, "between": 80})

    async def guard(self, channel_id: str, seconds: int) -> None:
        if not self._detection.has(channel_id):  # the dialplan has it and gives it back: there it has none
            await self._variables.set(channel_id, "TIMEOUT(absolute)", str(seconds))

    async def mark(self, channel_id: str, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            await self._variables.set(channel_id, name, value)

    async def hang_up(self, channel_id: str, cause: int = 16) -> None:
        self._reports.hung_up(channel_id, cause)
        await self._ask("DELETE", f"channels/{channel_id}", {"reason_code": cause})

    async def leave(self, channel_id: str, extension: str) -> None:
        """Hand the channel back to the dialplan at `extension` of the engine's fallback context.

        Nothing is told of it from then on.
        """
        where: dict[str, str | int] = {"context": FALLBACK_CONTEXT, "extension": extension, "priority": 1}
        # Its StasisEnd may be read before the answer.
        self._live.discard(channel_id)
        try:
            await self._ask("POST", f"channels/{channel_id}/continue", where)
        except (ControlLost, RequestRefused):
            self._live.add(channel_id)
            raise
        await self._voices.close(channel_id)

    # --- TalkControl --------------------------------------------------------------------------------------

    async def admit_phone(self, phone: str, password: str) -> None:
        await self._browsers.admit(phone, password)

    async def dismiss_phone(self, phone: str) -> None:
        await self._browsers.dismiss(phone)

    async def ring_phone(
        self,
        channel_id: str,
        phone: str,
        *,
        caller_id: str,
        ring_seconds: int,
        call_id: str,
        headers: Mapping[str, str],
    ) -> None:
        await self._legs.ring_browser(
            channel_id, phone, headers, caller_id=caller_id, ring_seconds=ring_seconds, call_id=call_id
        )

    async def move(self, channel_id: str, bridge_id: str) -> None:
        await self._bridges.move(channel_id, bridge_id)

    async def take_out(self, channel_id: str, bridge_id: str) -> None:
        await self._bridges.take_out(channel_id, bridge_id)

    async def ringback(self, channel_id: str, *, on: bool) -> None:
        await self._ask("POST" if on else "DELETE", f"channels/{channel_id}/ring")

    async def mute(self, channel_id: str, *, on: bool) -> None:
        await self._talks.mute(channel_id, on=on)

    async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None:
        await self._talks.snoop(channel_id, snoop_id, whisper=whisper)

    def talk_files(self, recording_id: str) -> TalkFiles:
        return self._talks.files(recording_id)

    async def record_talk(self, channel_id: str, recording_id: str) -> TalkFiles:
        return await self._talks.record(channel_id, recording_id)

    async def pause_recording(self, channel_id: str, *, on: bool) -> None:
        await self._talks.pause(channel_id, on=on)

    async def end_recording(self, channel_id: str) -> None:
        await self._talks.end(channel_id)

    # --- SoundDetection -----------------------------------------------------------------------------------

    async def detect(self, channel_id: str, *, seconds: float) -> Sounding:
        return await self._detection.detect(channel_id, seconds)

    async def until_quiet(self, channel_id: str, *, seconds: int) -> bool:
        return await self._detection.until_quiet(channel_id, seconds)

    # --- visitors -----------------------------------------------------------------------------------------

    async def admit_visitor(
        self, visitor_id: str, dialled: str, *, wideband: bool, caller: str = ""
    ) -> MediaPath:
        """A caller whose audio is in our hands: CallArrived(trunk="visitor") follows at once.

        Raises ControlLost or RequestRefused. The path closes with the call.
        """
        return await self._visitors.admit(visitor_id, dialled, wideband=wideband, caller=caller)

    def visitor_pressed(self, visitor_id: str, key: str) -> None:
        """A key on the visitor's screen. Raises KeyError when there is no such visitor."""
        self._visitors.pressed(visitor_id, key)

    async def visitor_left(self, visitor_id: str) -> None:
        """The visitor's page has hung up or is gone. Idempotent."""
        channel_id = VISITOR_PREFIX + visitor_id
        self._reports.hung_up(channel_id, 16)
        await self._ari.tidy("DELETE", f"channels/{channel_id}", {"reason_code": 16})

    # --- errands ------------------------------------------------------------------------------------------

    def _run(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    # --- the connection -----------------------------------------------------------------------------------

    def _hear(self, event: Json) -> None:
        self._reports.hear(event)

    def _device_changed(self, event: Json) -> None:
        self._phones.changed(event)

    def _restored(self, reunion: Reunion) -> None:
        found = [c for c in reunion.channels if not c["id"].startswith(MEDIA_PREFIX)]
        self._live.clear()
        self._live.update(channel["id"] for channel in found)
        self._reports.forget()
        for gone in self._busy.channels() - self._live:
            self._busy.forget(gone)
        if reunion.restarted:
            self._bridges.forget()
        self._voices.keep_live()
        self._visitors.keep_live()
        served = self._voices.media_ids()
        for channel in reunion.channels:
            if channel["id"].startswith(MEDIA_PREFIX) and channel["id"] not in served:
                self._run(self._ari.tidy("DELETE", f"channels/{channel['id']}"))
        loop = asyncio.get_running_loop()
        loop.call_later(SWEEP_SECONDS, lambda: self._run(self._bridges.sweep(self._voices.bridge_prefix)))
        self._tell(ControlRestored(tuple(snapshot(c, self._marks) for c in found), reunion.restarted))
        self._run(self._browsers.reconnected(restarted=reunion.restarted))

    def _dropped(self) -> None:
        self._tell(ControlDropped())
