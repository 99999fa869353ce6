"""AsteriskControl on a real Asterisk: one connection is the engine, another calls it over SIP."""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from asterisk.ami import AmiAddress, AmiConnection
from asterisk.control import AsteriskControl
from asterisk.process import AsteriskProcess
from asterisk.settings import CALLER_MEDIA_CLIENTS
from calls.control import (
    CallArrived,
    ChannelEnded,
    ChannelGone,
    ControlRestored,
    KeyPressed,
    LegAnswered,
    LegRinging,
    PlaybackEnded,
    RecordingEnded,
    RequestRefused,
)
from tests.asterisk.network import Ears, Recorder, control_of, tone, until
from tests.house import Ports, running_asterisk
from tests.patience import patient
from tests.rtp import rtp_party
from tests.sipp import run_sipp

pytestmark = pytest.mark.live

CALLER = "leg-caller"


@dataclass(frozen=True, slots=True)
class House:
    asterisk: AsteriskProcess
    engine: AsteriskControl
    ears: Ears
    caller: AsteriskControl
    caller_ears: Ears

    async def call(self, number: str = "100") -> CallArrived:
        """The caller calls; returns the unanswered call as the engine gets it."""
        await self.caller.originate(
            CALLER, number, caller_id="+12025550101", ring_seconds=10, call_id="call-1", trunk="loopback"
        )
        return await self.ears.hear(CallArrived)

    async def answered(self, number: str = "100") -> CallArrived:
        arrived = await self.call(number)
        await self.engine.answer(arrived.channel_id)
        await self.caller_ears.hear(LegAnswered)
        return arrived

    async def hung_up(self) -> None:
        """The caller hangs up, and nothing of the call is left behind."""
        await self.caller.hang_up(CALLER)
        await self.ears.hear(ChannelEnded)
        await self.caller_ears.hear(ChannelEnded)
        async with asyncio.timeout(patient(5)):
            while await self.engine._ask("GET", "channels") or await self.engine._ask("GET", "bridges"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def _house(tmp_path: Path, ports: Ports) -> AsyncIterator[House]:
    ears, caller_ears = Ears(), Ears()
    async with (
        running_asterisk(tmp_path, ports) as asterisk,
        control_of(asterisk, ears) as engine,
        control_of(
            asterisk,
            caller_ears,
            app="infolinia-caller",
            media=(asterisk.settings.caller_media_port, CALLER_MEDIA_CLIENTS[0]),
        ) as caller,
    ):
        await ears.hear(ControlRestored)
        yield House(asterisk, engine, ears, caller, caller_ears)


async def test_a_call_arrives_is_answered_and_ends(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.call("100")
        assert (arrived.dialled, arrived.trunk, arrived.caller) == ("100", "loopback", "+12025550101")
        assert (arrived.wideband, arrived.attempts, arrived.answered) == (True, 0, False)
        await house.engine.answer(arrived.channel_id)
        await house.caller_ears.hear(LegAnswered)
        await house.engine.guard(arrived.channel_id, 60)
        await house.engine.mark(arrived.channel_id, {"INFOLINIA_CALL": "call-1"})
        await house.caller.send_keys(CALLER, "1#")
        assert [(await house.ears.hear(KeyPressed)).key for _ in range(2)] == ["1", "#"]
        await house.hung_up()
        assert [e for e in house.ears.events if isinstance(e, ChannelEnded)] == [
            ChannelEnded(arrived.channel_id, 16)
        ]
        with pytest.raises(ChannelGone):
            await house.engine.answer(arrived.channel_id)


async def test_a_leg_tells_ringing_and_why_it_failed(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.call("100")
        await house.engine._ask("POST", f"channels/{arrived.channel_id}/ring")
        assert await house.caller_ears.hear(LegRinging) == LegRinging(CALLER)
        await house.engine.hang_up(arrived.channel_id, 17)
        assert await house.caller_ears.hear(ChannelEnded) == ChannelEnded(CALLER, 17)
        with pytest.raises(RequestRefused):
            await house.caller.originate(
                "leg-2", "100", caller_id="", ring_seconds=5, call_id="x", trunk="no-such-trunk"
            )
        with pytest.raises(RequestRefused, match="cannot be dialled"):
            await house.caller.originate("leg-3", "1@evil", caller_id="", ring_seconds=5, call_id="x")


async def test_both_hear_each_other_and_flush_stops_at_once(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        engine = await house.engine.open_voice(arrived.channel_id, wideband=arrived.wideband)
        caller = await house.caller.open_voice(CALLER, wideband=arrived.wideband)
        assert engine.sample_rate == caller.sample_rate == 16000
        heard, caller_heard = Recorder(), Recorder()
        engine.attach(heard)
        caller.attach(caller_heard)

        spoken = asyncio.Event()
        caller.speak(tone(16000, 1.0), spoken.set)
        await asyncio.wait_for(spoken.wait(), patient(3))
        await _loud(heard, 49)
        assert {len(pcm) for _, pcm in heard.frames} == {640}

        engine.speak(tone(16000, 10.0), lambda: pytest.fail("flushed speech was reported as spoken"))
        await _loud(caller_heard, 50)
        flushed_at = time.monotonic()
        assert 0.9 < engine.flush() < patient(1.6)
        await asyncio.wait_for(_quiet(caller_heard), patient(2))
        assert caller_heard.loud()[-1] - flushed_at < patient(0.1)

        await house.engine.play(arrived.channel_id, "play-1", ["digits/1", "digits/2"])
        before = len(caller_heard.loud())
        await house.caller.send_keys(CALLER, "5")
        assert (await house.ears.hear(KeyPressed)).key == "5"
        assert await house.ears.hear(PlaybackEnded) == PlaybackEnded("play-1")
        assert len(caller_heard.loud()) - before > 20, "a playback in the bridge is heard"
        before = len(heard.loud())
        # Longer than is waited for: the first frames after a playback may be lost on a busy machine.
        caller.speak(tone(16000, 2.0), lambda: None)
        await _loud(heard, before + 24)
        await house.hung_up()
        assert engine.closed


async def _loud(recorder: Recorder, frames: int) -> None:
    """Until that many loud frames came; says how many when they do not."""
    try:
        await until(lambda: len(recorder.loud()) >= frames)
    except TimeoutError:
        came = [round(at - recorder.frames[0][0], 2) for at in recorder.loud()]
        last = recorder.frames[-1][0] - recorder.frames[0][0]
        pytest.fail(f"{len(came)} loud frames of {frames}, at {came[-30:]}; the last of all at {last:.2f} s")


async def _quiet(recorder: Recorder) -> None:
    """Until no loud frame came for 300 ms."""
    while recorder.loud() and time.monotonic() - recorder.loud()[-1] < 0.3:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_more_than_asterisk_can_queue_arrives_whole(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        engine = await house.engine.open_voice(arrived.channel_id, wideband=False)
        caller = await house.caller.open_voice(CALLER, wideband=False)
        heard, spoken = Recorder(), asyncio.Event()
        caller.attach(heard)
        await house.engine.guard(arrived.channel_id, 60)
        engine.speak(tone(8000, 21.0), spoken.set)
        await asyncio.wait_for(spoken.wait(), patient(25))
        await until(lambda: len(heard.loud()) >= 1048)
        assert len(heard.loud()) <= 1052
        await house.hung_up()


async def test_a_playback_right_after_the_voice_is_closed_is_never_lost(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        for turn in range(15):
            voice = await house.engine.open_voice(arrived.channel_id, wideband=True)
            voice.speak(bytes(6400), lambda: None)
            await voice.close()
            await house.engine.play(arrived.channel_id, f"play-{turn}", ["beep"])
            assert await house.ears.hear(PlaybackEnded, 3) == PlaybackEnded(f"play-{turn}")
            await house.engine.guard(arrived.channel_id, 30)
        await house.engine.play(arrived.channel_id, "missing", ["/no/such/prompt"])
        assert await house.ears.hear(PlaybackEnded) == PlaybackEnded("missing", failed=True)
        await house.engine.play(arrived.channel_id, "long", ["vm-intro"])
        await house.engine.stop_playing("long")
        assert await house.ears.hear(PlaybackEnded, 1) == PlaybackEnded("long")
        with pytest.raises(ChannelGone):
            await house.engine.stop_playing("never played")
        await house.hung_up()


async def test_a_prompt_that_a_hang_up_cuts_short_has_not_failed(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        await house.engine.play(arrived.channel_id, "cut", ["vm-intro"])
        await house.hung_up()
        assert [e for e in house.ears.events if isinstance(e, PlaybackEnded)] == [PlaybackEnded("cut")]


async def test_a_caller_who_hangs_up_during_the_tone_has_left_no_message(
    tmp_path: Path, ports: Ports
) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        await house.engine.record(
            arrived.channel_id, "message-1", longest_seconds=20, silence_seconds=5, beep=True
        )
        await house.caller.hang_up(CALLER)
        ended = await house.ears.hear(RecordingEnded)
        assert (ended.recording_id, ended.seconds, ended.failed) == ("message-1", 0.0, True)


async def test_a_message_is_recorded(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        caller = await house.caller.open_voice(CALLER, wideband=False)
        await house.engine.record(
            arrived.channel_id, "message-1", longest_seconds=20, silence_seconds=5, beep=False
        )
        spoken = asyncio.Event()
        caller.speak(tone(8000, 1.5), spoken.set)
        await asyncio.wait_for(spoken.wait(), patient(4))
        await house.caller.send_keys(CALLER, "#")
        ended = await house.ears.hear(RecordingEnded)
        assert (ended.recording_id, ended.failed) == ("message-1", False)
        assert 1.3 < ended.seconds < patient(2.5)
        with wave.open(ended.path) as recorded:
            assert recorded.getframerate() == 8000
            assert recorded.getnframes() / 8000 == pytest.approx(ended.seconds, abs=0.05)
        with pytest.raises(RequestRefused, match="409"):
            await house.engine.record(
                arrived.channel_id, "message-1", longest_seconds=20, silence_seconds=5, beep=False
            )
        await house.hung_up()


@pytest.mark.parametrize("over_ami", [True, False])
async def test_a_busy_channel_holds_up_no_other_call(tmp_path: Path, ports: Ports, over_ami: bool) -> None:
    """Asterisk sets ARI's variables on the channel's own thread, which plays and records."""
    async with _house(tmp_path, ports) as house:
        ami = AmiConnection(
            AmiAddress("127.0.0.1", ports.ami, "infolinia", house.asterisk.secrets.ami_password),
            lambda _: None,
        )
        if over_ami:
            await ami.start()
        house.engine._variables._ami = ami
        arrived = await house.answered()
        await house.engine.guard(arrived.channel_id, 5)
        await house.engine.record(
            arrived.channel_id, "message-1", longest_seconds=20, silence_seconds=10, beep=False
        )
        asked_at = time.monotonic()
        await house.engine.guard(arrived.channel_id, 30)
        await house.engine.mark(arrived.channel_id, {"INFOLINIA_CALL": "call-9"})
        await house.engine._ask("GET", "asterisk/ping")
        assert time.monotonic() - asked_at < patient(0.5)
        if over_ami:
            value = await house.engine._ask(
                "GET", f"channels/{arrived.channel_id}/variable", {"variable": "TIMEOUT(absolute)"}
            )
            assert 5 < float(value["value"]) <= 30
            with pytest.raises(ChannelGone):
                await ami.set_variable("nobody", "INFOLINIA_CALL", "x")
        await house.engine.stop_recording("message-1")
        await house.ears.hear(RecordingEnded)
        await house.hung_up()
        await ami.close()


async def test_two_parties_are_bridged_and_taken_apart(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        await house.engine.originate("leg-agent", "200", caller_id="", ring_seconds=5, call_id="call-1")
        agent_side = await house.ears.hear(CallArrived)
        await house.engine.answer(agent_side.channel_id)
        await house.ears.hear(LegAnswered)
        await house.engine.bridge("bridge-1", (arrived.channel_id, "leg-agent"))
        agent = await house.engine.open_voice(agent_side.channel_id, wideband=False)
        caller = await house.caller.open_voice(CALLER, wideband=False)
        heard = Recorder()
        caller.attach(heard)
        agent.speak(tone(8000, 1.0), lambda: None)
        await until(lambda: len(heard.loud()) >= 45)
        await house.engine.destroy_bridge("bridge-1")
        await house.engine.play(arrived.channel_id, "play-1", ["beep"])
        assert await house.ears.hear(PlaybackEnded, 3) == PlaybackEnded("play-1")
        with pytest.raises(ChannelGone):
            await house.engine.bridge("bridge-2", (arrived.channel_id, "nobody"))
        await house.engine.hang_up("leg-agent")
        assert await house.ears.hear(ChannelEnded) == ChannelEnded("leg-agent", 16)
        await house.ears.hear(ChannelEnded)
        await house.hung_up()


async def test_the_deadman_takes_the_caller_back_and_the_call_arrives_again(
    tmp_path: Path, ports: Ports
) -> None:
    async with _house(tmp_path, ports) as house:
        arrived = await house.answered()
        voice = await house.engine.open_voice(arrived.channel_id, wideband=False)
        await house.engine.guard(arrived.channel_id, 1)
        assert await house.ears.hear(ChannelEnded) == ChannelEnded(arrived.channel_id, 0)
        assert voice.closed
        again = await house.ears.hear(CallArrived)
        assert (again.channel_id, again.attempts, again.answered) == (arrived.channel_id, 1, True)
        events = len(house.ears.events)
        await house.engine.leave(again.channel_id, "goodbye")
        await house.caller_ears.hear(ChannelEnded)
        assert len(house.ears.events) == events, "a caller who was handed back is no longer ours"


async def test_a_visitor_is_a_caller_whose_audio_is_ours(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house:
        microphone = await house.engine.admit_visitor("v1", "100", wideband=True)
        arrived = await house.ears.hear(CallArrived)
        assert (arrived.channel_id, arrived.dialled, arrived.trunk) == ("visitor-v1", "100", "visitor")
        await house.engine.answer(arrived.channel_id)
        voice = await house.engine.open_voice(arrived.channel_id, wideband=True)
        heard, visitor_heard, closed = Recorder(), Recorder(), asyncio.Event()
        voice.attach(heard)
        microphone.attach(visitor_heard)
        microphone.on_closed = closed.set
        microphone.send(tone(16000, 0.5))
        voice.speak(tone(16000, 0.5), lambda: None)
        await until(lambda: len(heard.loud()) >= 24 and len(visitor_heard.loud()) >= 24)
        house.engine.visitor_pressed("v1", "7")
        assert await house.ears.hear(KeyPressed) == KeyPressed("visitor-v1", "7")
        await voice.close()
        await house.engine.record(
            "visitor-v1", "message-v1", longest_seconds=9, silence_seconds=5, beep=False
        )
        microphone.send(tone(16000, 2.0))
        await asyncio.sleep(1.0)  # half of it is enough for a message
        house.engine.visitor_pressed("v1", "#")
        assert (await house.ears.hear(RecordingEnded)).seconds > 0.2
        await house.engine.hang_up("visitor-v1")
        assert await house.ears.hear(ChannelEnded) == ChannelEnded("visitor-v1", 16)
        await asyncio.wait_for(closed.wait(), patient(3))
        await house.engine.visitor_left("v1")
        with pytest.raises(KeyError):
            house.engine.visitor_pressed("v1", "1")


async def test_a_sip_phone_is_heard_and_hears(tmp_path: Path, ports: Ports) -> None:
    async with _house(tmp_path, ports) as house, rtp_party(ports.spare(4)) as party:
        phone = asyncio.create_task(
            run_sipp(
                "patient",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(3),
                audio_port=ports.spare(4),
            )
        )
        arrived = await house.ears.hear(CallArrived)
        assert (arrived.trunk, arrived.wideband) == ("local", False)
        await house.engine.answer(arrived.channel_id)
        voice = await house.engine.open_voice(arrived.channel_id, wideband=False)
        heard = Recorder()
        voice.attach(heard)
        voice.speak(tone(8000, 1.0), lambda: None)
        await until(lambda: party.loud_seconds > 0.9)
        await party.say(np.frombuffer(tone(8000, 0.5), dtype=np.int16))
        await until(lambda: len(heard.loud()) >= 20)
        await house.engine.hang_up(arrived.channel_id)
        await house.ears.hear(ChannelEnded)
        assert (await phone).ok
