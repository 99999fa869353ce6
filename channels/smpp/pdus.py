"""SMPP 3.4 on the wire: requests as bytes, and what the SMSC says, read with more patience than it is owed.

Requests with a text are written by aiosmpplib. Its reading is strict: an unknown status, data coding or
address type raises, where a live connection must go on. So reading is done here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from aiosmpplib import SMPP_VERSION_3_4, PhoneNumber, SmppCommand

HEADER = struct.Struct("!IIII")
RESPONSE = 0x80000000
# No PDU of an SMSC comes near; a longer one means that the other side does not speak SMPP.
LONGEST_PDU = 128 * 1024
BIND = int(SmppCommand.BIND_TRANSCEIVER)
SUBMIT = int(SmppCommand.SUBMIT_SM)
QUERY = int(SmppCommand.QUERY_SM)
DELIVER = int(SmppCommand.DELIVER_SM)
DATA = int(SmppCommand.DATA_SM)
ENQUIRE = int(SmppCommand.ENQUIRE_LINK)
UNBIND = int(SmppCommand.UNBIND)
ALERT = int(SmppCommand.ALERT_NOTIFICATION)
GENERIC_NACK = int(SmppCommand.GENERIC_NACK)

# What a 16-bit tag says of an optional parameter.
RECEIPTED_MESSAGE_ID = 0x001E
USER_MESSAGE_REFERENCE = 0x0204
SAR_REFERENCE = 0x020C
SAR_TOTAL = 0x020E
SAR_NUMBER = 0x020F
NETWORK_ERROR_CODE = 0x0423
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427

_FLAG_HEADER = 0x40


class NotSmpp(Exception):
    """The other side sent what SMPP does not allow."""


@dataclass(frozen=True, slots=True)
class Pdu:
    command: int
    status: int
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A deliver_sm or data_sm. `content`: the text's bytes, with their header when `has_header`."""

    source: str
    source_ton: int
    destination: str
    destination_ton: int
    esm_class: int
    data_coding: int
    content: bytes
    parameters: Mapping[int, bytes]

    @property
    def has_header(self) -> bool:
        return bool(self.esm_class & _FLAG_HEADER)

    def number(self, tag: int) -> int | None:
        """An optional parameter as a number."""
        value = self.parameters.get(tag)
        return int.from_bytes(value, "big") if value else None

    def string(self, tag: int) -> str:
        return self.parameters.get(tag, b"").split(b"\0", 1)[0].decode("ascii", "replace")


class Framer:
    """Cuts what comes from the socket into PDUs."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Pdu]:
        """The PDUs that are whole now. Raises NotSmpp."""
        buffer = self._buffer
        buffer += data
        pdus, start = [], 0
        while len(buffer) - start >= HEADER.size:
            length, command, status, sequence = HEADER.unpack_from(buffer, start)
            if not HEADER.size <= length <= LONGEST_PDU:
                raise NotSmpp(f"it sent a PDU of {length} octets")
            if len(buffer) - start < length:
                break
            pdus.append(Pdu(command, status, sequence, bytes(buffer[start + HEADER.size : start + length])))
            start += length
        del buffer[:start]
        return pdus


def framed(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def bind_body(system_id: str, password: str, system_type: str) -> bytes:
    """A transceiver's. Not aiosmpplib's: that allows no password of more than eight characters."""
    strings = b"".join(text.encode("ascii") + b"\0" for text in (system_id, password, system_type))
    return strings + bytes((SMPP_VERSION_3_4, 0, 0)) + b"\0"


def query_body(message_id: str, source: PhoneNumber) -> bytes:
    number: str = source.number
    ends = bytes((source.ton, source.npi)) + number.encode("ascii") + b"\0"
    return message_id.encode("ascii", "replace") + b"\0" + ends


def message_id_of(body: bytes) -> str:
    """The id in an answer to submit_sm or query_sm; empty when there is none."""
    return body.split(b"\0", 1)[0].decode("ascii", "replace")


def read_query(body: bytes) -> tuple[str, int, int]:
    """The final date as written, the state and the error of an answer to query_sm. Raises NotSmpp."""
    reader = _Reader(body)
    reader.string()
    return reader.string(), reader.octet(), reader.octet()


def read_delivery(command: int, body: bytes) -> Delivery:
    """Raises NotSmpp."""
    reader = _Reader(body)
    reader.string()
    source_ton, _, source = reader.octet(), reader.octet(), reader.string()
    destination_ton, _, destination = reader.octet(), reader.octet(), reader.string()
    esm_class = reader.octet()
    if command == DELIVER:
        reader.skip(2)
        reader.string()
        reader.string()
        reader.skip(2)
        data_coding = reader.octet()
        reader.skip(1)
        content = reader.take(reader.octet())
    else:
        reader.skip(1)
        data_coding, content = reader.octet(), b""
    parameters = reader.parameters()
    content = content or parameters.get(MESSAGE_PAYLOAD, b"")
    return Delivery(
        source, source_ton, destination, destination_ton, esm_class, data_coding, content, parameters
    )


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._body):
            raise NotSmpp("it sent a PDU that ends too early")
        taken, self._at = self._body[self._at : end], end
        return taken

    def skip(self, count: int) -> None:
        self.take(count)

    def octet(self) -> int:
        return self.take(1)[0]

    def string(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise NotSmpp("it sent a string without an end")
        text = self._body[self._at : end].decode("ascii", "replace")
        self._at = end + 1
        return text

    def parameters(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        # Some SMSCs fill the end with zeros.
        while len(self._body) - self._at >= 4:
            tag, length = struct.unpack_from("!HH", self._body, self._at)
            self._at += 4
            found[tag] = self.take(length)
        return found
