"""Asterisk's channel in our words."""

from __future__ import annotations

from typing import Any

import pytest

from asterisk.busy import BusyChannels
from asterisk.translation import arrival, is_wideband, snapshot
from calls.control import CallArrived, ChannelSnapshot

CHANNEL: dict[str, Any] = {
    "id": "infolinia-1.7",
    "name": "PJSIP/local-00000001",
    "state": "Up",
    "caller": {"name": "", "number": "+48220000011"},
    "dialplan": {
        "context": "engine",
        "exten": "s",
        "app_name": "Stasis",
        "app_data": "infolinia,inbound,local,100,2,1,(g722)",
    },
    "channelvars": {"INFOLINIA_CALL": "call-1", "INFOLINIA_STEP": ""},
}
MARKS = ("INFOLINIA_CALL", "INFOLINIA_STEP")


def test_a_call_from_the_dialplan() -> None:
    assert arrival(CHANNEL, ["inbound", "local", "100", "2", "1", "(g722)"], MARKS) == CallArrived(
        channel_id="infolinia-1.7",
        network_id="infolinia-1.7",
        caller="+48220000011",
        dialled="100",
        trunk="local",
        wideband=True,
        attempts=2,
        answered=True,
        variables={"INFOLINIA_CALL": "call-1"},
    )


def test_missing_arguments_are_taken_as_unknown() -> None:
    call = arrival(CHANNEL, ["inbound"], ())
    assert call is not None
    assert (call.trunk, call.dialled, call.attempts, call.answered, call.wideband) == (
        "",
        "",
        0,
        False,
        False,
    )


@pytest.mark.parametrize("args", [[], ["leg", "call-1"], ["Inbound", "local", "100"]])
def test_what_the_dialplan_did_not_hand_over_is_no_call(args: list[str]) -> None:
    assert arrival(CHANNEL, args, ()) is None


def test_a_channel_found_alive_tells_what_it_was_handed_over_with() -> None:
    assert snapshot(CHANNEL, MARKS) == ChannelSnapshot(
        channel_id="infolinia-1.7",
        network_id="infolinia-1.7",
        name="PJSIP/local-00000001",
        caller="+48220000011",
        dialled="100",
        answered=True,
        wideband=True,
        trunk="local",
        variables={"INFOLINIA_CALL": "call-1"},
    )


@pytest.mark.parametrize(
    ("formats", "wideband"),
    [
        ("(g722)", True),
        ("(opus)", True),
        ("(slin16)", True),
        ("(ulaw)", False),
        ("(alaw|g722)", False),
        ("", False),
    ],
)
def test_the_first_format_decides(formats: str, wideband: bool) -> None:
    assert is_wideband(formats) is wideband


def test_a_channel_is_busy_until_all_its_sounds_have_ended() -> None:
    busy = BusyChannels()
    busy.begin("channel", "play-1")
    busy.begin("channel", "play-2")
    busy.end("play-1")
    assert "channel" in busy
    busy.end("play-2")
    busy.end("play-2")
    assert "channel" not in busy
    busy.begin("channel", "play-3")
    busy.forget("channel")
    assert busy.channels() == frozenset()
