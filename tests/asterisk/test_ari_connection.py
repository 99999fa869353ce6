"""ARI against a real Asterisk: refusals, limits, and every way the connection can go and come back."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk.ari import AriAddress, AriConnection, AriRefused, Reunion
from asterisk.process import AsteriskProcess
from calls.control import (
    CallArrived,
    ChannelGone,
    ControlDropped,
    ControlLost,
    ControlRestored,
    LegAnswered,
    RequestRefused,
)
from tests.asterisk.network import Cable, Ears, address_of, control_of, frozen, until
from tests.house import Ports, running_asterisk

pytestmark = pytest.mark.live


def _connection(asterisk: AsteriskProcess, reunions: list[Reunion] | None = None) -> AriConnection:
    found = [] if reunions is None else reunions
    return AriConnection(address_of(asterisk), {}, found.append, lambda: None)


async def test_requests_are_answered_refused_or_given_up(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk:
        ari = _connection(asterisk)
        with pytest.raises(ControlLost, match="not connected"):
            await ari.request("GET", "asterisk/ping")
        await ari.start()
        assert (await ari.request("GET", "asterisk/ping"))["ping"] == "pong"
        with pytest.raises(ChannelGone, match="Channel not found"):
            await ari.request("POST", "channels/nobody/answer")
        with pytest.raises(RequestRefused, match="400"):
            await ari.request("POST", "channels", {"endpoint": ""})

        async with frozen(asterisk):
            with pytest.raises(ControlLost, match=r"did not answer GET asterisk/ping within 0\.3 s"):
                await ari.request("GET", "asterisk/ping", seconds=0.3)
        assert (await ari.request("GET", "asterisk/ping"))["ping"] == "pong"
        await ari.close()
        with pytest.raises(ControlLost, match="not connected"):
            await ari.request("GET", "asterisk/ping")


async def test_a_wrong_password_is_told_at_once(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk:
        address = replace(address_of(asterisk), password="wrong")
        with pytest.raises(
            AriRefused, match=r"refuses the ARI user infolinia: it was started with another password"
        ):
            await AriConnection(address, {}, lambda _: None, lambda: None).start(patience_seconds=5)
        assert "wrong" not in repr(address)


async def test_nobody_there_is_told_when_patience_ends(ports: Ports) -> None:
    address = AriAddress(f"http://127.0.0.1:{ports.http}", "infolinia", "infolinia", "secret")
    with pytest.raises(ControlLost, match=r"does not answer ARI at .* since 0\.3 s"):
        await AriConnection(address, {}, lambda _: None, lambda: None).start(patience_seconds=0.3)


async def test_a_cut_connection_is_restored_with_the_channels_that_live_on(
    tmp_path: Path, ports: Ports
) -> None:
    ears = Ears()
    async with (
        Cable(ports.spare(0), ports.http) as cable,
        running_asterisk(tmp_path, ports) as asterisk,
        control_of(asterisk, ears, port=ports.spare(0)) as control,
    ):
        await ears.hear(ControlRestored)
        await control.originate("leg-1", "100", caller_id="+12025550101", ring_seconds=5, call_id="call-1")
        await control.answer((await ears.hear(CallArrived)).channel_id)
        await ears.hear(LegAnswered)
        await control.mark("leg-1", {"INFOLINIA_CALL": "call-1"})
        await cable.cut()
        await ears.hear(ControlDropped)
        assert not control.connected
        with pytest.raises(ControlLost):
            await control.answer("leg-1")
        await cable.plug()
        restored = await ears.hear(ControlRestored)
        assert restored.restarted is False
        assert "leg-1" in {channel.channel_id for channel in restored.channels}
        await control.hang_up("leg-1")


async def test_a_frozen_connection_is_noticed(
    tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asterisk.ari.PING_SECONDS", 0.2)
    ears = Ears()
    async with (
        Cable(ports.spare(0), ports.http) as cable,
        running_asterisk(tmp_path, ports) as asterisk,
        control_of(asterisk, ears, port=ports.spare(0)),
    ):
        await ears.hear(ControlRestored)
        cable.freeze()
        await ears.hear(ControlDropped)
        await cable.cut()
        await cable.plug()
        assert (await ears.hear(ControlRestored)).restarted is False


async def test_a_killed_asterisk_is_told_as_dropped_and_restarted(tmp_path: Path, ports: Ports) -> None:
    ears = Ears()
    async with running_asterisk(tmp_path, ports) as asterisk, control_of(asterisk, ears) as control:
        assert (await ears.hear(ControlRestored)).restarted is False
        await control.originate("leg-1", "100", caller_id="", ring_seconds=5, call_id="call-1")
        await control.answer((await ears.hear(CallArrived)).channel_id)
        await ears.hear(LegAnswered)
        before = asterisk.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        await ears.hear(ControlDropped)
        await until(lambda: asterisk.pid not in (None, before), 15)
        restored = await ears.hear(ControlRestored, 15)
        assert restored.restarted is True
        assert restored.channels == ()


async def test_a_second_engine_takes_the_application_over_once_and_for_all(
    tmp_path: Path, ports: Ports
) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk:
        first, second = _connection(asterisk), _connection(asterisk)
        await first.start()
        await second.start()
        await until(lambda: not first.connected)
        assert second.connected
        assert (await second.request("GET", "asterisk/ping"))["ping"] == "pong"
        await first.close()
        await second.close()
