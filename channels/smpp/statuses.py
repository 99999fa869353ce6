"""What the SMSC's command statuses mean for a message that was handed over."""

from __future__ import annotations

from collections.abc import Set

from aiosmpplib import SmppCommandStatus

from messaging.provider import Taken

OK = 0x00000000
INVALID_COMMAND = 0x00000003
NOT_BOUND = 0x00000004
SYSTEM_ERROR = 0x00000008
QUEUE_FULL = 0x00000014
THROTTLED = 0x00000058
TRY_LATER = 0x00000064
NEVER = 0x00000065
# The whole provider is left alone for a while after these.
PAUSES = frozenset({QUEUE_FULL, THROTTLED})
_TAKEN = {
    OK: Taken.ACCEPTED,
    NOT_BOUND: Taken.AWAY,
    SYSTEM_ERROR: Taken.BUSY,
    QUEUE_FULL: Taken.BUSY,
    THROTTLED: Taken.BUSY,
    TRY_LATER: Taken.BUSY,
}
# What only the operator can put right: going on trying often would lock the account at some providers.
REFUSED_BINDS = {
    0x0000000D: "the SMSC refused the bind: check the account with the provider",
    0x0000000E: "the SMSC refused the password: correct it in the configuration",
    0x0000000F: "the SMSC does not know the system_id: correct it in the configuration",
    0x00000053: "the SMSC refused the system_type: correct it in the configuration",
}


def taken_of(status: int, busy_statuses: Set[int] = frozenset()) -> Taken:
    if status in busy_statuses:
        return Taken.BUSY
    return _TAKEN.get(status, Taken.REJECTED)


def code_of(status: int) -> str:
    return "" if status == OK else f"0x{status:08X}"


def words_of(status: int) -> str:
    """The status in the specification's words."""
    try:
        return str(SmppCommandStatus(status).description)
    except ValueError:
        return "a status of the SMSC's own"
