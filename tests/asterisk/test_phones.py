"""Agents' telephones on a real Asterisk: logged in by registering, rung by name, and calling nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from asterisk.ami import AmiAddress, AmiConnection
from asterisk.ari import AriConnection
from asterisk.control import AsteriskControl
from asterisk.media import MediaServer
from asterisk.phones import Phones
from asterisk.process import AsteriskProcess
from asterisk.settings import AsteriskSettings, Phone, SettingsRefused, Trunk, check_settings
from calls.control import (
    ChannelEnded,
    ControlDropped,
    ControlRestored,
    LegAnswered,
    LegRinging,
    PhoneChanged,
    RequestRefused,
)
from tests.asterisk.network import LIMIT_SECONDS, Ears, address_of, until
from tests.house import Ports, running_asterisk
from tests.patience import patient
from tests.phone import sip_phone

ANNA = Phone("anna", "a password of hers")
JAN = Phone("jan", "another password")
# By itself Asterisk asks a telephone that it remembers only after its `qualify_seconds`.
REACHABLE_AGAIN_SECONDS = patient(5.0)
assert ANNA.qualify_seconds > REACHABLE_AGAIN_SECONDS


@asynccontextmanager
async def phones_of(
    tmp_path: Path, ports: Ports
) -> AsyncIterator[tuple[AsteriskControl, Ears, AsteriskProcess]]:
    """A connected control that watches Anna's and Jan's telephones, neither of them registered."""
    ears = Ears()
    async with running_asterisk(tmp_path, ports, phones=(ANNA, JAN)) as asterisk:
        address = AmiAddress("127.0.0.1", ports.ami, "infolinia", asterisk.secrets.ami_password)
        ami = AmiConnection(address, lambda _: None)
        await ami.start()
        media = MediaServer(asterisk.settings.media_port, password=asterisk.secrets.media_password)
        await media.start()
        spool = asterisk.folders.spool / "recording"
        control = AsteriskControl(
            address_of(asterisk), media, ears, recording_dir=spool, ami=ami, phones=("anna", "jan")
        )
        try:
            await control.start(patience_seconds=patient(10))
            await ears.hear(ControlRestored)
            told = [await ears.hear(PhoneChanged) for _ in "12"]
            assert told == [PhoneChanged("anna", False), PhoneChanged("jan", False)]
            yield control, ears, asterisk
        finally:
            await control.close()
            await ami.close()
            await media.close()


async def hear(ears: Ears, wanted: PhoneChanged, seconds: float = LIMIT_SECONDS) -> None:
    async with asyncio.timeout(patient(seconds)):
        while await ears.hear(PhoneChanged, seconds) != wanted:
            pass


@pytest.mark.live
async def test_a_telephone_logs_in_rings_talks_and_logs_out(tmp_path: Path, ports: Ports) -> None:
    async with phones_of(tmp_path, ports) as (control, ears, _):
        with pytest.raises(RequestRefused):  # it has not registered
            await control.ring("c.leg.1", "anna", caller_id="", ring_seconds=5, call_id="c")
        with pytest.raises(RequestRefused, match="no telephone 'loopback'"):
            await control.ring("c.leg.2", "loopback", caller_id="", ring_seconds=5, call_id="c")
        async with sip_phone("anna", ANNA.password, ports.sip, ports.spare(0)) as anna:
            await hear(ears, PhoneChanged("anna", True))
            anna.manner = "rings"
            await control.ring("c.leg.3", "anna", caller_id="+12025550101", ring_seconds=9, call_id="c")
            assert await ears.hear(LegRinging) == LegRinging("c.leg.3")
            assert anna.calls == ["+12025550101"]
            anna.answer()
            assert await ears.hear(LegAnswered) == LegAnswered("c.leg.3")
            told = len(ears.events)
            anna.hang_up()
            assert (await ears.hear(ChannelEnded)).channel_id == "c.leg.3"
            await until(lambda: PhoneChanged("anna", True) in ears.events[told:])  # before it or after
            anna.manner = "busy"
            await control.ring("c.leg.4", "anna", caller_id="", ring_seconds=9, call_id="c")
            assert await ears.hear(ChannelEnded) == ChannelEnded("c.leg.4", 17)
            anna.manner = "rings"
            await control.ring("c.leg.5", "anna", caller_id="", ring_seconds=1, call_id="c")
            assert await ears.hear(ChannelEnded) == ChannelEnded("c.leg.5", 19)
            await anna.until(lambda: anna.cancelled == 1)
            assert await anna.register(0) == 200
            await hear(ears, PhoneChanged("anna", False))


async def anna_is_remembered(asterisk: AsteriskProcess) -> None:
    """Asterisk writes a registration down within a second or so."""

    def remembered() -> bool:
        with closing(sqlite3.connect(asterisk.folders.state / "astdb.sqlite3", timeout=5)) as database:
            found = database.execute("SELECT 1 FROM astdb WHERE key LIKE '/registrar/contact/anna%'")
            return found.fetchone() is not None

    await until(remembered, LIMIT_SECONDS)


@pytest.mark.live
async def test_a_telephone_is_reachable_soon_after_asterisk_was_killed(tmp_path: Path, ports: Ports) -> None:
    async with (
        phones_of(tmp_path, ports) as (_, ears, asterisk),
        sip_phone("anna", ANNA.password, ports.sip, ports.spare(0)),
    ):
        await hear(ears, PhoneChanged("anna", True))
        await anna_is_remembered(asterisk)
        before = asterisk.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        await ears.hear(ControlDropped)
        assert (await ears.hear(ControlRestored, 20)).restarted
        restored_at = time.monotonic()
        await hear(ears, PhoneChanged("anna", True), 50)
        seconds = time.monotonic() - restored_at
        assert seconds < REACHABLE_AGAIN_SECONDS, f"{seconds:.1f} s"


class AmiThatRefuses:
    """Of AmiConnection: it knows no telephone of Anna's."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def until_connected(self, seconds: float) -> None: ...

    async def action(self, name: str, fields: dict[str, str]) -> None:
        self.asked.append(fields["Endpoint"])
        if fields["Endpoint"] == "anna":
            raise RequestRefused("Unable to retrieve endpoint anna")


class AriWithPhones:
    """Of AriConnection: every telephone is there."""

    async def request(self, method: str, path: str, query: object = None) -> dict[str, str]:
        return {"name": path.rpartition("/")[2], "state": "NOT_INUSE"}


async def test_a_telephone_that_asterisk_does_not_know_keeps_no_other_from_being_asked() -> None:
    ami = AmiThatRefuses()
    phones = Phones(cast(AriConnection, AriWithPhones()), "app", ("jan", "anna"), Ears(), cast(Any, ami))
    await phones.watch()
    assert ami.asked == ["anna", "jan"]


@pytest.mark.live
async def test_a_telephone_reaches_no_flow_and_a_wrong_password_nothing(tmp_path: Path, ports: Ports) -> None:
    async with phones_of(tmp_path, ports) as (_, ears, _):
        async with sip_phone("jan", JAN.password, ports.sip, ports.spare(0)) as jan:
            assert await jan.call("100") == 404
            assert await jan.call("+12025550101") == 404
        async with sip_phone("anna", "guessed", ports.sip, ports.spare(2), log_in=False) as thief:
            assert await thief.register() == 401
        assert not any(isinstance(e, PhoneChanged) and e.phone == "anna" and e.reachable for e in ears.events)


@pytest.mark.parametrize(
    ("phone", "named"),
    [
        (replace(ANNA, name="48220000010"), "phones[0].name"),
        (replace(ANNA, name="Anna"), "phones[0].name"),
        (replace(ANNA, name="an]na"), "phones[0].name"),
        (replace(ANNA, name="loopback"), "phones[0].name"),
        (replace(ANNA, name="anonymous"), "phones[0].name"),
        (replace(ANNA, name="carrier"), "phones[0].name"),
        (replace(ANNA, password="short"), "phones[0].password"),
        (replace(ANNA, password="long enough\n[evil]"), "phones[0].password"),
        (replace(ANNA, codecs=()), "phones[0].codecs"),
    ],
)
def test_a_telephone_that_could_inject_or_mislead_is_refused(
    tmp_path: Path, phone: Phone, named: str
) -> None:
    carrier = Trunk("carrier", ("sip.example.com",))
    with pytest.raises(SettingsRefused) as refused:
        check_settings(AsteriskSettings(tmp_path, trunks=(carrier,), phones=(phone,)))
    assert refused.value.problems[0].startswith(named)
    assert "long enough" not in str(refused.value)
    assert "password" not in repr(ANNA)


def test_two_telephones_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"phones\[1\].name 'anna'"):
        check_settings(AsteriskSettings(tmp_path, phones=(ANNA, ANNA)))


@pytest.mark.live
async def test_telephones_come_and_go_while_others_talk(tmp_path: Path, ports: Ports) -> None:
    ola = Phone("ola", "her own password")
    async with (
        phones_of(tmp_path, ports) as (control, ears, asterisk),
        sip_phone("anna", ANNA.password, ports.sip, ports.spare(0)) as anna,
    ):
        await hear(ears, PhoneChanged("anna", True))
        await control.ring("c.leg.1", "anna", caller_id="", ring_seconds=9, call_id="c")
        assert (await ears.hear(LegAnswered)).channel_id == "c.leg.1"
        booted = asterisk.pid
        await control.sip_phones.put((ANNA, ola), asterisk)  # Jan goes
        async with sip_phone("ola", ola.password, ports.sip, ports.spare(4)):
            await hear(ears, PhoneChanged("ola", True))
            await control.ring("c.leg.2", "ola", caller_id="", ring_seconds=9, call_id="c")
            assert (await ears.hear(LegAnswered)).channel_id == "c.leg.2"
            with pytest.raises(RequestRefused, match="no telephone 'jan'"):
                await control.ring("c.leg.3", "jan", caller_id="", ring_seconds=9, call_id="c")
            with pytest.raises(RequestRefused, match="Asterisk's own"):
                await control.admit_phone("ola", "a browser's password")
            await control.admit_phone("jan", "a browser's password")
            await control.hang_up("c.leg.2")
            assert (await ears.hear(ChannelEnded)).channel_id == "c.leg.2"
            # Another password: who knew the old one is not rung any more.
            new = replace(ola, password="another one of hers")
            await control.sip_phones.put((ANNA, new), asterisk)
            await hear(ears, PhoneChanged("ola", False))
        async with sip_phone("ola", new.password, ports.sip, ports.spare(8)) as again:
            await hear(ears, PhoneChanged("ola", True))
            await control.sip_phones.put((ANNA,), asterisk)
            await hear(ears, PhoneChanged("ola", False))
            assert await again.register() != 200
        assert anna.talking
        assert asterisk.pid == booted
        assert (await anna.register()) == 200
        await control.hang_up("c.leg.1")
        await anna.until(lambda: not anna.talking)
