"""Delivery receipts: the usual line of text, optional parameters, or both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from channels.smpp.pdus import MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID, Delivery
from channels.smpp.settings import ReceiptIds
from messaging.states import MessageState

_RECEIPT = 1
_INTERMEDIATE = 8
_UCS2 = 8
_FIELD = re.compile(r"\b(id|submit date|done date|stat|err)\s*:\s*([^\s:]*)(?=\s|$)", re.IGNORECASE)
# The text that was sent comes last, and may hold anything.
_TEXT = re.compile(r"\btext\s*:", re.IGNORECASE)
_DATES = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}
_S = MessageState
_BY_WORD = {
    "DELIVRD": _S.DELIVERED,
    "EXPIRED": _S.EXPIRED,
    "DELETED": _S.FAILED,
    "UNDELIV": _S.FAILED,
    "REJECTD": _S.FAILED,
    "UNKNOWN": _S.FAILED,
    "FAILED": _S.FAILED,
    "ACCEPTD": _S.ACCEPTED,
    "ENROUTE": _S.ACCEPTED,
    "BUFFRED": _S.ACCEPTED,
}
# message_state of the specification. Read by a person on the recipient's behalf (6) is said by SMSCs of what
# a network has taken.
WORDS = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_WHY = {
    "EXPIRED": "it could not be delivered while it was valid",
    "DELETED": "the provider deleted it",
    "UNDELIV": "it cannot be delivered",
    "REJECTD": "the network refused it",
    "UNKNOWN": "the provider does not know what became of it",
    "FAILED": "it cannot be delivered",
}


@dataclass(frozen=True, slots=True)
class Read:
    """`done_at`: None when the receipt tells no time, or no zone of its times is set."""

    reference: str
    state: MessageState
    code: str
    why: str
    done_at: datetime | None


def is_receipt(delivery: Delivery) -> bool:
    """A person's own text that looks like one is none: it has no type and no parameters of the SMSC."""
    kind = delivery.esm_class >> 2 & 0x0F
    told = MESSAGE_STATE in delivery.parameters and RECEIPTED_MESSAGE_ID in delivery.parameters
    return kind in (_RECEIPT, _INTERMEDIATE) or (kind == 0 and told)


def read_receipt(delivery: Delivery, ids: ReceiptIds, zone: str | None) -> Read | None:
    """None when it names no message or no state. Parameters count more than the text."""
    # What counts in it is ASCII, whatever alphabet the SMSC names.
    text = delivery.content.decode("utf-16-be" if delivery.data_coding == _UCS2 else "latin-1", "replace")
    head = _TEXT.split(text, maxsplit=1)[0]
    fields = {found[1].lower(): found[2] for found in _FIELD.finditer(head)}
    number = delivery.string(RECEIPTED_MESSAGE_ID) or fields.get("id", "")
    state = delivery.number(MESSAGE_STATE)
    word = (WORDS.get(state, "") if state is not None else "") or fields.get("stat", "").upper()
    if not number or word not in _BY_WORD:
        return None
    error = fields.get("err", "")
    if not error and NETWORK_ERROR_CODE in delivery.parameters:
        # One octet tells the network, two the error.
        error = str(int.from_bytes(delivery.parameters[NETWORK_ERROR_CODE][1:3], "big"))
    code = word if not error.strip("0") else f"{word} {error}"
    return Read(
        reference_of_receipt(number, ids),
        _BY_WORD[word],
        code,
        _WHY.get(word, ""),
        _done_at(fields.get("done date", ""), zone),
    )


def state_of(word: str) -> MessageState:
    return _BY_WORD[word]


def why_of(word: str) -> str:
    return _WHY.get(word, "")


def reference_of_answer(message_id: str, ids: ReceiptIds) -> str:
    """The id by which we keep a message, from the answer to submit_sm: decimal where the two differ."""
    return message_id if ids is ReceiptIds.SAME else _decimal(message_id, ids is ReceiptIds.DECIMAL_OF_HEX)


def reference_of_receipt(message_id: str, ids: ReceiptIds) -> str:
    """The same id, as a receipt writes it."""
    return message_id if ids is ReceiptIds.SAME else _decimal(message_id, ids is ReceiptIds.HEX_OF_DECIMAL)


def id_to_ask(reference: str, ids: ReceiptIds) -> str:
    """The SMSC's own writing of an id that we keep."""
    if ids is ReceiptIds.DECIMAL_OF_HEX and reference.isascii() and reference.isdecimal():
        return f"{int(reference):X}"
    return reference


def _decimal(message_id: str, is_hex: bool) -> str:
    """What is no such number stays as it is."""
    try:
        return str(int(message_id, 16 if is_hex else 10))
    except ValueError:
        return message_id


def _done_at(written: str, zone: str | None) -> datetime | None:
    if zone is None or len(written) not in _DATES:
        return None
    try:
        local = datetime.strptime(written, _DATES[len(written)]).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return None
    return local.astimezone(UTC)
