"""AMI against a real Asterisk: what panoramisk alone would get wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk.ami import (
    AmiAddress,
    AmiConnection,
    AmiRefused,
    AsteriskBooted,
    AsteriskStopping,
    SenderRefused,
)
from asterisk.process import AsteriskProcess
from calls.control import ControlLost, RequestRefused
from tests.asterisk.network import Cable, Ears, frozen, until
from tests.house import Ports, running_asterisk

pytestmark = pytest.mark.live


def _address(asterisk: AsteriskProcess, port: int | None = None) -> AmiAddress:
    return AmiAddress(
        "127.0.0.1", port or asterisk.settings.ami_port, "infolinia", asterisk.secrets.ami_password
    )


@asynccontextmanager
async def _connected(address: AmiAddress, ears: Ears) -> AsyncIterator[AmiConnection]:
    ami = AmiConnection(address, ears)  # type: ignore[arg-type]
    await ami.start(10)
    try:
        yield ami
    finally:
        await ami.close()


async def test_actions_are_answered_refused_or_given_up(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk, _connected(_address(asterisk), Ears()) as ami:
        assert (await ami.action("CoreStatus"))[0]["CoreCurrentCalls"] == "0"
        endpoints = {event.objectname for event in await ami.action("PJSIPShowEndpoints")}
        assert "loopback" in endpoints
        with pytest.raises(RequestRefused, match="NoSuchAction"):
            await ami.action("NoSuchAction")
        async with frozen(asterisk):
            with pytest.raises(ControlLost, match=r"did not answer the AMI action CoreStatus within 0\.3 s"):
                await ami.action("CoreStatus", seconds=0.3)
        assert len(await ami.action("CoreStatus")) == 1


async def test_line_breaks_and_calls_are_refused_before_they_are_sent(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk, _connected(_address(asterisk), Ears()) as ami:
        for injected in ("x\r\nAction: Logoff", "x\n", "x\rVariable: y"):
            with pytest.raises(ValueError, match="line break"):
                await ami.action("Setvar", {"Variable": "A", "Value": injected})
            with pytest.raises(ValueError, match="line break"):
                await ami.action("Setvar", {injected: "x"})
        with pytest.raises(ValueError, match="use CallControl"):
            await ami.action("Originate", {"Channel": "PJSIP/100@loopback"})
        assert ami.connected


async def test_a_wrong_password_is_told_at_once(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as asterisk:
        ami = AmiConnection(replace(_address(asterisk), password="wrong"), lambda _: None)
        with pytest.raises(AmiRefused, match=r"AMI user infolinia .* it was started with another password"):
            await ami.start(5)
        with pytest.raises(ControlLost, match="not connected"):
            await ami.action("Ping")


async def test_nobody_there_is_told_when_patience_ends(ports: Ports) -> None:
    ami = AmiConnection(AmiAddress("127.0.0.1", ports.ami, "infolinia", "secret"), lambda _: None)
    with pytest.raises(ControlLost, match=r"does not answer AMI at 127\.0\.0\.1"):
        await ami.start(0.3)


async def test_an_unanswered_action_is_never_sent_again(tmp_path: Path, ports: Ports) -> None:
    ears = Ears()
    async with (
        Cable(ports.spare(0), ports.ami) as cable,
        running_asterisk(tmp_path, ports) as asterisk,
        _connected(_address(asterisk, ports.spare(0)), ears) as ami,
    ):
        await ears.hear(AsteriskBooted)
        cable.freeze()
        asking = asyncio.create_task(ami.action("UserEvent", {"UserEvent": "Once"}))
        await asyncio.sleep(0)
        await cable.cut()
        with pytest.raises(ControlLost, match="connection was lost"):
            await asking
        sent = cable.sent
        await cable.plug()
        await until(lambda: ami.connected)
        await ami.action("CoreStatus")
        assert b"CoreStatus" in cable.sent[len(sent) :]
        assert b"Once" not in cable.sent[len(sent) :]


async def test_a_frozen_link_is_noticed(
    tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asterisk.ami.PING_SECONDS", 0.1)
    monkeypatch.setattr("asterisk.ami.ACTION_SECONDS", 1.0)
    async with (
        Cable(ports.spare(0), ports.ami) as cable,
        running_asterisk(tmp_path, ports) as asterisk,
        _connected(_address(asterisk, ports.spare(0)), Ears()) as ami,
    ):
        cable.freeze()
        await until(lambda: not ami.connected)
        await cable.cut()
        await cable.plug()
        await until(lambda: ami.connected)


async def test_letters_split_between_two_reads_stay_whole(ports: Ports) -> None:
    """A server that sends its answer byte by byte; Asterisk never does on loopback."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        while action := await reader.readuntil(b"\r\n\r\n"):
            fields = dict(line.split(": ", 1) for line in action.decode().strip().split("\r\n"))
            answer = f"Response: Success\r\nActionID: {fields['ActionID']}\r\nMessage: Zażółć Łódź\r\n\r\n"
            for byte in answer.encode():
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            if fields["Action"] == "CoreStatus":
                break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", ports.ami):
        ami = AmiConnection(AmiAddress("127.0.0.1", ports.ami, "infolinia", "secret"), lambda _: None)
        await ami.start(5)
        assert (await ami.action("CoreStatus"))[0].message == "Zażółć Łódź"
        await ami.close()


async def test_refused_senders_and_restarts_are_heard(tmp_path: Path, ports: Ports) -> None:
    ears = Ears()
    async with running_asterisk(tmp_path, ports) as asterisk, _connected(_address(asterisk), ears) as ami:
        await ears.hear(AsteriskBooted)
        invite = (
            "INVITE sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:{port};branch=z9hG4bK{n}\r\n"
            "From: <sip:scanner@127.0.0.9>;tag={n}\r\nTo: <sip:100@127.0.0.1>\r\nCall-ID: scan-{n}\r\n"
            "CSeq: 1 INVITE\r\nContact: <sip:scanner@127.0.0.9:{port}>\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol,
            local_addr=("127.0.0.9", ports.spare(1)),
            remote_addr=("127.0.0.1", ports.sip),
        )
        try:
            for n in range(8):
                transport.sendto(invite.format(port=ports.spare(1), n=n).encode())
            refused = await ears.hear(SenderRefused)
        finally:
            transport.close()
        assert refused.address == "127.0.0.9"
        assert ami.refusals[refused.why] >= 1
        await asterisk.stop()
        await ears.hear(AsteriskStopping)
        await until(lambda: not ami.connected)
        await asterisk.start()
        await ears.hear(AsteriskBooted, 15)
