"""What Asterisk says of a channel, in the words of calls.control. Pure.

The dialplan hands a caller over as Stasis(<app>,inbound,<trunk>,<dialled>,<attempts>,<answered>,<format>);
legs that we place ourselves enter as Stasis(<app>,leg,<call id>), media channels without arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from calls.control import CallArrived, ChannelSnapshot, PhoneChanged, RequestRefused

INBOUND_ARGUMENT = "inbound"
LEG_ARGUMENT = "leg"
MEDIA_PREFIX = "media-"
VISITOR_PREFIX = "visitor-"
_UNREACHABLE = frozenset({"UNAVAILABLE", "UNKNOWN", "INVALID"})
_WIDEBAND = ("g722", "opus", "slin16", "silk16", "speex16", "siren7")

_HEADER = re.compile(r"X-[0-9A-Za-z-]{1,60}")
_LONGEST_HEADER = 1000  # characters
KEYS = re.compile(r"[0-9*#A-D]{1,64}")
_NUMBER = re.compile(r"[0-9A-Za-z+*#._-]{1,64}")

Json = Mapping[str, Any]


def leg_request(
    number: str, trunk: str | None, app: str, caller_id: str, ring_seconds: int, call_id: str
) -> dict[str, Any]:
    """What ARI is asked for to place a leg, but for the channel's id. Raises RequestRefused.

    Without a trunk, `number` is the name of a telephone that has registered. Nothing that is neither gets
    into a dial string.
    """
    if not _NUMBER.fullmatch(number):
        raise RequestRefused(f"{number!r} cannot be dialled: use digits, letters and + * # . _ -")
    if caller_id and not _NUMBER.fullmatch(caller_id):
        raise RequestRefused(f"{caller_id!r} is no caller number: use digits, letters and + * # . _ -")
    return {
        "endpoint": f"PJSIP/{number}" if trunk is None else f"PJSIP/{number}@{trunk}",
        "app": app,
        "appArgs": f"{LEG_ARGUMENT},{call_id}",
        "callerId": f"<{caller_id}>" if caller_id else "",
        "timeout": ring_seconds,
        "variables": {"INFOLINIA_CALL": call_id},
    }


def browser_leg(leg: Json, headers: Mapping[str, str]) -> Json:
    """The same leg to a browser, with SIP headers for its page. Raises RequestRefused.

    Names begin with X-; values are printable ASCII. Opus is asked for: by itself Asterisk chooses G.711.
    """
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            raise RequestRefused(f"{name!r} is no header: use X- and letters, digits and '-'")
        if len(value) > _LONGEST_HEADER or not value.isascii() or not value.isprintable():
            raise RequestRefused(
                f"the header {name} holds what a header cannot: use up to {_LONGEST_HEADER} letters of ASCII"
            )
    added = {f"PJSIP_HEADER(add,{name})": value for name, value in headers.items()}
    return {**leg, "formats": "opus", "variables": {**leg["variables"], **added}}


def arrival(channel: Json, args: Sequence[str], marks: Sequence[str]) -> CallArrived | None:
    """The caller that a StasisStart tells of; None for anything but a call from the dialplan."""
    if not args or args[0] != INBOUND_ARGUMENT:
        return None
    _, trunk, dialled, attempts, answered, audio, *_ = (*args, *[""] * 6)
    return CallArrived(
        channel_id=channel["id"],
        # A call from a trunk begins with its own channel, so Asterisk's linkedid is that channel's id.
        network_id=channel["id"],
        caller=channel["caller"]["number"],
        dialled=dialled,
        trunk=trunk,
        wideband=is_wideband(audio),
        attempts=int(attempts) if attempts.isdecimal() else 0,
        answered=answered == "1",
        variables=variables(channel, marks),
    )


def came_in(channel: Json) -> bool:
    """Whether the dialplan handed it over: it is no leg, no ear and no medium of ours."""
    app_data: str = channel["dialplan"]["app_data"]
    return app_data.split(",")[1:2] == [INBOUND_ARGUMENT]


def snapshot(channel: Json, marks: Sequence[str]) -> ChannelSnapshot:
    """A channel found alive. What the dialplan said of it stands in its application's arguments."""
    args = channel["dialplan"]["app_data"].split(",")[1:]
    call = arrival(channel, args, ())
    return ChannelSnapshot(
        channel_id=channel["id"],
        network_id=channel["id"],
        name=channel["name"],
        caller=channel["caller"]["number"],
        dialled=call.dialled if call else channel["dialplan"]["exten"],
        answered=channel["state"] == "Up",
        wideband=call.wideband if call else False,
        trunk=call.trunk if call else "",
        variables=variables(channel, marks),
    )


def variables(channel: Json, marks: Sequence[str]) -> dict[str, str]:
    """Those of `marks` that are set on the channel (ari.conf lists them in channelvars)."""
    found = channel.get("channelvars")
    if not found:
        return {}
    return {name: found[name] for name in marks if found.get(name)}


def phone_state(device: Json) -> PhoneChanged | None:
    """The telephone whose state Asterisk tells; None for any other device."""
    technology, _, name = device["name"].partition("/")
    state = device["state"]
    if technology != "PJSIP":
        return None
    return PhoneChanged(name, state not in _UNREACHABLE, state not in _UNREACHABLE | {"NOT_INUSE"})


def is_wideband(formats: str) -> bool:
    """Of Asterisk's ${CHANNEL(audionativeformat)}, such as "(g722)" or "(ulaw|alaw)"; the first counts."""
    return formats.strip("()").partition("|")[0] in _WIDEBAND
