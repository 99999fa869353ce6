"""Real calls while the engine is away or stopped, and calls that never may reach it."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from asterisk.cel import CelCall, calls_since
from asterisk.process import AsteriskProcess
from asterisk.settings import ARI_USER, FALLBACK_CONTEXT
from infolinia.setup.inventory import find_parts
from tests.house import Ports, running_asterisk
from tests.patience import patient
from tests.rtp import Samples, rtp_party
from tests.sipp import SippResult, run_sipp

pytestmark = pytest.mark.live

# The loop of bridging.md's lengths would make the tests slow.
SHORT: dict[str, Any] = {
    "retry_attempts": 2,
    "retry_music_seconds": 1,
    "message_silence_seconds": 1,
    "voicemail_sounds": ("beep",),
    "saved_sounds": ("vm-msgsaved",),
}


def speech(seconds: float) -> Samples:
    """A person's voice at 8 kHz."""
    with wave.open(str(find_parts().digits_recording)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    return samples[::2][: round(seconds * 8000)]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def logged(asterisk: AsteriskProcess, since: float, ended: bool = True) -> CelCall:
    """The one call that arrived since, once Asterisk has written its end."""
    async with asyncio.timeout(patient(10)):
        while True:
            calls = await calls_since(asterisk.folders.cel_db, at(since), asterisk.booted_at)
            if calls and (calls[0].ended_at is not None or not ended):
                assert len(calls) == 1
                return calls[0]
            await asyncio.sleep(0.05)


@asynccontextmanager
async def registered(asterisk: AsteriskProcess) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """An engine's connection to ARI that answers nothing by itself."""
    async with (
        ari(asterisk) as session,
        session.ws_connect(f"/ari/events?app={asterisk.settings.app}") as socket,
    ):
        yield socket


def ari(asterisk: AsteriskProcess) -> aiohttp.ClientSession:
    login = base64.b64encode(f"{ARI_USER}:{asterisk.secrets.ari_password}".encode()).decode()
    return aiohttp.ClientSession(
        f"http://127.0.0.1:{asterisk.settings.http_port}", headers={"Authorization": f"Basic {login}"}
    )


async def arrival(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    async with asyncio.timeout(patient(10)):
        while True:
            event: dict[str, Any] = await socket.receive_json()
            if event["type"] == "StasisStart":
                return event


async def broken_off(calling: asyncio.Task[SippResult]) -> None:
    """The caller is there no more, and has not hung up."""
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)


async def test_engine_away_the_caller_leaves_a_message_and_the_log_tells_it(
    tmp_path: Path, ports: Ports
) -> None:
    audio_port = ports.spare(4)
    async with running_asterisk(tmp_path, ports, **SHORT) as asterisk, rtp_party(audio_port) as caller:
        since = time.time()
        said = np.concatenate([speech(7.0), np.zeros(8 * 8000, dtype=np.int16)])
        speaking = asyncio.create_task(caller.say(said))
        result = await run_sipp(
            "patient",
            folder=tmp_path,
            sip_port=ports.sip,
            local_port=ports.spare(0),
            audio_port=audio_port,
            number="100",
            caller="48220000011",
        )
        speaking.cancel()
        assert result.ok, result.output
        assert caller.loud_seconds > 1.5, "music, and that the message was saved"
        call = await logged(asterisk, since)
        assert (call.caller, call.dialled, call.trunk) == ("48220000011", "100", "local")
        assert call.away_count == 2
        assert call.engine_seconds is None
        assert at(since) < call.started_at < at(since + patient(5))
        assert call.started_at.microsecond % 1000, "better than whole milliseconds"
        assert call.answered_at is not None
        assert call.ended_at is not None
        assert call.started_at < call.answered_at < call.ended_at == call.last_seen_at
        assert not call.crashed
        assert call.message is not None
        assert call.message.parent == asterisk.folders.messages
        assert call.message_seconds > 1.5
        with wave.open(str(call.message)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
            left = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        assert len(left) / 8000 == pytest.approx(call.message_seconds, abs=0.1)
        assert np.abs(left.astype(np.int32)).max() > 500, "the voice is on it"
        assert not await calls_since(asterisk.folders.cel_db, call.ended_at, asterisk.booted_at)


async def test_a_caller_who_hangs_up_while_waiting_is_told_too(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk:
        since = time.time()
        result = await run_sipp(
            "caller",
            folder=tmp_path,
            sip_port=ports.sip,
            local_port=ports.spare(0),
            audio_port=ports.spare(4),
            stay_seconds=1.0,
        )
        assert result.ok, result.output
        call = await logged(asterisk, since)
        assert call.message is None
        assert call.message_seconds == 0
        assert call.away_count >= 1


async def test_a_stopped_engine_does_not_hold_the_caller(tmp_path: Path, ports: Ports) -> None:
    """It is registered and says nothing: the dead-man takes the call back, twice, then a message is taken."""
    async with running_asterisk(tmp_path, ports, **SHORT, deadman_seconds=1) as asterisk:
        async with registered(asterisk) as socket, rtp_party(ports.spare(4)) as caller:
            since = time.time()
            speaking = asyncio.create_task(caller.say(np.zeros(15 * 8000, dtype=np.int16)))
            calling = asyncio.create_task(
                run_sipp(
                    "patient",
                    folder=tmp_path,
                    sip_port=ports.sip,
                    local_port=ports.spare(0),
                    audio_port=ports.spare(4),
                    number="+48220000001",
                )
            )
            first = await arrival(socket)
            assert first["args"][:5] == ["inbound", "local", "+48220000001", "0", "0"]
            assert first["channel"]["state"] == "Ring"
            second = await arrival(socket)
            assert second["args"][:5] == ["inbound", "local", "+48220000001", "1", "1"]
            result = await calling
            speaking.cancel()
        assert result.ok, result.output
        call = await logged(asterisk, since)
        assert call.away_count == 2
        assert call.engine_seconds is not None
        assert 1.5 < call.engine_seconds < patient(2.5)
        assert list(asterisk.folders.messages.iterdir()), "a message was asked for"
        assert call.message is None, "and nothing was said"


async def test_an_engine_that_comes_back_gets_the_waiting_caller(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports, retry_music_seconds=1) as asterisk:
        since = time.time()
        calling = asyncio.create_task(
            run_sipp(
                "patient",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(0),
                audio_port=ports.spare(4),
            )
        )
        call = await logged(asterisk, since, ended=False)
        async with registered(asterisk) as socket, ari(asterisk) as session:
            event = await arrival(socket)
            assert event["channel"]["id"] == call.linkedid
            assert event["args"][4] == "1", "answered while it waited"
            assert int(event["args"][3]) >= 1
            await asyncio.sleep(0.6)  # of the call, which is the engine's share
            async with session.delete(f"/ari/channels/{call.linkedid}") as reply:
                assert reply.status == 204
            result = await calling
        assert result.ok, result.output
        call = await logged(asterisk, since)
        assert call.engine_seconds is not None
        assert call.engine_seconds > 0.5


@pytest.mark.parametrize("name", ["sipp", "local", "loopback"])
async def test_sip_from_elsewhere_is_refused_and_noted(tmp_path: Path, ports: Ports, name: str) -> None:
    """127.0.0.2 is no trunk, whatever name it gives itself."""
    async with running_asterisk(tmp_path, ports) as asterisk:
        since = time.time()
        result = await run_sipp(
            "refused",
            folder=tmp_path,
            sip_port=ports.sip,
            local_port=ports.spare(0),
            audio_port=ports.spare(4),
            local_ip="127.0.0.2",
            caller=name,
        )
        assert result.ok, result.output
        assert "0 active channels" in await asterisk.console("core show channels")
        assert "0 calls processed" in await asterisk.console("core show channels")
        assert await calls_since(asterisk.folders.cel_db, at(since), asterisk.booted_at) == []
        assert 'InvalidAccountID",EventTV' in asterisk.folders.message_log.read_text()


async def test_callers_data_reaches_no_application_unfiltered(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk, registered(asterisk) as socket:
        calling = asyncio.create_task(
            run_sipp(
                "caller",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(0),
                audio_port=ports.spare(4),
                number="100%2C%24%7BSHELL(id)%7D%26x-y",
                caller="+48%2C22%24%7BEPOCH%7D",
                caller_name="${SHELL(id)}, x;",
            )
        )
        event = await arrival(socket)
        assert event["args"][:5] == ["inbound", "local", "100SHELLidx-y", "0", "0"]
        assert event["channel"]["caller"] == {"name": "${SHELL(id)}, x;", "number": "+48,22${EPOCH}"}
        await broken_off(calling)


@pytest.mark.parametrize("number", ["7", "T", "sales.office", "*98#", "+48220000001"])
async def test_any_number_reaches_the_engine_as_dialled(tmp_path: Path, ports: Ports, number: str) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk, registered(asterisk) as socket:
        calling = asyncio.create_task(
            run_sipp(
                "caller",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(0),
                audio_port=ports.spare(4),
                number=number.replace("#", "%23"),
            )
        )
        assert (await arrival(socket))["args"][2] == number
        await broken_off(calling)


async def test_asterisk_calls_itself_over_the_loopback_trunk(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk:
        since = time.time()
        async with registered(asterisk) as socket, ari(asterisk) as session:
            wanted = {"endpoint": "PJSIP/100@loopback", "app": "infolinia", "callerId": "48220000012"}
            async with session.post("/ari/channels", params={**wanted, "channelId": "outgoing-1"}) as reply:
                assert reply.status == 200, await reply.text()
            event = await arrival(socket)
            assert event["args"][:5] == ["inbound", "loopback", "100", "0", "0"]
            assert event["channel"]["caller"]["number"] == "48220000012"
            arrived = event["channel"]["id"]
            async with session.post(f"/ari/channels/{arrived}/answer") as reply:
                assert reply.status == 204
            assert (await arrival(socket))["channel"]["id"] == "outgoing-1"
            async with session.delete(f"/ari/channels/{arrived}") as reply:
                assert reply.status == 204
        call = await logged(asterisk, since)
        assert call.linkedid == arrived, "the leg placed by the engine is no call of its own"
        assert call.trunk == "loopback"


async def test_the_engine_can_send_a_caller_to_the_goodbye(tmp_path: Path, ports: Ports) -> None:
    async with (
        running_asterisk(tmp_path, ports) as asterisk,
        registered(asterisk) as socket,
        ari(asterisk) as session,
        rtp_party(ports.spare(4)) as caller,
    ):
        calling = asyncio.create_task(
            run_sipp(
                "patient",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(0),
                audio_port=ports.spare(4),
            )
        )
        channel = (await arrival(socket))["channel"]["id"]
        leave = {"context": FALLBACK_CONTEXT, "extension": "goodbye", "priority": "1"}
        async with session.post(f"/ari/channels/{channel}/continue", params=leave) as reply:
            assert reply.status == 204, await reply.text()
        result = await calling
        assert result.ok, result.output
        assert caller.loud_seconds > 0.2


async def test_a_call_that_died_with_asterisk_is_told_as_crashed(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk, registered(asterisk) as socket:
        since = time.time()
        calling = asyncio.create_task(
            run_sipp(
                "caller",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(0),
                audio_port=ports.spare(4),
            )
        )
        await arrival(socket)
        alive_call = await logged(asterisk, since, ended=False)
        assert not alive_call.crashed, "it is up"
        first_pid = asterisk.pid
        assert first_pid is not None
        os.kill(first_pid, signal.SIGKILL)
        async with asyncio.timeout(patient(10)):
            while asterisk.pid in (None, first_pid):  # noqa: ASYNC110 - started by its own task
                await asyncio.sleep(0.05)
        call = await logged(asterisk, since, ended=False)
        assert call.crashed
        assert call.ended_at is None
        assert call.linkedid == alive_call.linkedid
        await broken_off(calling)
