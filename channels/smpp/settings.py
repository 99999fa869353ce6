"""What is set up for one SMPP provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Of SMPP 3.4, without the zero that ends them. Many an SMSC gives out longer passwords than the eight
# characters of the specification, so theirs is not checked.
LONGEST_SYSTEM_ID = 15
LONGEST_SYSTEM_TYPE = 12


class LongMessages(StrEnum):
    """How a text of several parts is told: a header in each part, numbered with 8 or 16 bits, optional
    parameters (SAR), or the whole text in message_payload, for the SMSC to cut."""

    UDH_8 = "udh8"
    UDH_16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"


class ReceiptIds(StrEnum):
    """How ids in receipts are written, against those in the answers to submit_sm."""

    SAME = "same"
    DECIMAL_OF_HEX = "decimal_of_hex"
    HEX_OF_DECIMAL = "hex_of_decimal"


class Alphabet(StrEnum):
    """What the SMSC means by data coding 0."""

    GSM = "gsm0338"
    LATIN_1 = "latin_1"


class Validity(StrEnum):
    """How the end of a message's life is told: as a time in UTC, as seconds from now, or not at all."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """`binds` connections are made to each endpoint; each hands over up to `window` messages at once.

    `sender` goes out when the message names none. `sender_ton`, `sender_npi`: None finds them by the
    sender's form. `receipt_zone`: the time zone of the times in receipts; None takes the time of arrival.
    `busy_statuses`: the SMSC's own command statuses that mean "later". `answer_seconds`: for one part;
    `submit_seconds`: for the whole message, which is given up by the engine only later. Raises ValueError,
    in a sentence, for what no SMSC can be told.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    binds: int = 1
    window: int = 10
    per_second: float | None = None
    sender: str = ""
    sender_ton: int | None = None
    sender_npi: int | None = None
    destination_ton: int = 1
    destination_npi: int = 1
    service_type: str = ""
    alphabet: Alphabet = Alphabet.GSM
    long_messages: LongMessages = LongMessages.UDH_8
    most_parts: int = 10
    receipt_ids: ReceiptIds = ReceiptIds.SAME
    receipt_zone: str | None = None
    validity: Validity = Validity.ABSOLUTE
    message_references: bool = True
    busy_statuses: frozenset[int] = frozenset()
    connect_seconds: float = 10.0
    answer_seconds: float = 30.0
    submit_seconds: float = 45.0
    enquire_seconds: float = 30.0
    reassembly_seconds: float = 600.0

    def __post_init__(self) -> None:
        longest = {"system_id": LONGEST_SYSTEM_ID, "system_type": LONGEST_SYSTEM_TYPE, "service_type": 5}
        for name in ("system_id", "password", "system_type", "service_type"):
            value: str = getattr(self, name)
            if not value.isascii() or "\0" in value:
                raise ValueError(f"{name} may hold only letters, digits and signs of ASCII")
            if name in longest and len(value) > longest[name]:
                raise ValueError(f"{name} is longer than SMPP allows ({longest[name]} characters)")
        if not self.endpoints:
            raise ValueError("it has no endpoints: name at least one")
        if self.receipt_zone is not None:
            try:
                ZoneInfo(self.receipt_zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(f"receipt_zone: there is no time zone {self.receipt_zone!r}") from None
