"""A message as the bodies of its submit_sm, one for each part."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiosmpplib import OptionalParam, PhoneNumber, SubmitSm

from channels.smpp.addresses import destination_of, source_of
from channels.smpp.pdus import HEADER, SAR_NUMBER, SAR_REFERENCE, SAR_TOTAL, USER_MESSAGE_REFERENCE
from channels.smpp.settings import LongMessages, SmppSettings, Validity
from channels.smpp.texts import codecs_of, encoded, written
from messaging.provider import Submission

_ESM_PLAIN = 0x00
_ESM_HEADER = 0x40
_RECEIPT_WANTED = 0x01
# Years and months have no fixed length in SMPP's relative times.
_LONGEST_RELATIVE = timedelta(days=29)
_SHORTEST = timedelta(seconds=1)


def submit_bodies(
    submission: Submission,
    settings: SmppSettings,
    reference: int,
    first_message_reference: int,
    now: datetime,
) -> tuple[bytes, ...]:
    """One for each part. Raises TextRefused or AddressRefused.

    `reference` joins the parts at the recipient, of 16 bits. Part i carries user_message_reference
    `first_message_reference` + i, modulo 65,536, by which its receipt is known when its answer was lost.
    """
    source = source_of(submission.sender or settings.sender, settings)
    destination = destination_of(submission.to, settings)
    text = written(submission.text, settings.alphabet, settings.long_messages, settings.most_parts)
    validity = _validity(submission.expires_at, settings, now)
    bodies = []
    for index, part in enumerate(text.parts):
        parameters = []
        if settings.message_references:
            number = (first_message_reference + index) & 0xFFFF
            parameters.append(OptionalParam(USER_MESSAGE_REFERENCE, number))
        header, esm_class = b"", _ESM_PLAIN
        if len(text.parts) > 1:
            match settings.long_messages:
                case LongMessages.SAR:
                    parameters += [
                        OptionalParam(SAR_REFERENCE, reference & 0xFFFF),
                        OptionalParam(SAR_TOTAL, len(text.parts)),
                        OptionalParam(SAR_NUMBER, index + 1),
                    ]
                case LongMessages.UDH_16:
                    header = b"\x06\x08\x04" + (reference & 0xFFFF).to_bytes(2, "big")
                case _:
                    header = b"\x05\x00\x03" + bytes((reference & 0xFF,))
            if header:
                header += bytes((len(text.parts), index + 1))
                esm_class = _ESM_HEADER
        bodies.append(
            _body(part, text.encoding, source, destination, header, esm_class, validity, parameters, settings)
        )
    return tuple(bodies)


def _body(
    part: str,
    encoding: str,
    source: PhoneNumber,
    destination: PhoneNumber,
    header: bytes,
    esm_class: int,
    validity: datetime | timedelta | None,
    parameters: list[OptionalParam],
    settings: SmppSettings,
) -> bytes:
    as_payload = settings.long_messages is LongMessages.PAYLOAD
    content = encoded(part, encoding, settings.alphabet)
    long = as_payload and len(content) > 140
    submit = SubmitSm(
        short_message="" if long else part,
        message_payload=part if long else "",
        source=source,
        destination=destination,
        service_type=settings.service_type,
        esm_class=esm_class,
        validity_period=validity,
        registered_delivery=_RECEIPT_WANTED,
        # Always told: left to itself, the library falls back to an alphabet that it does not name.
        encoding=encoding,
        optional_params=parameters,
    )
    submit.set_encoding_info("gsm0338", codecs_of(settings.alphabet))
    if not long:
        submit.set_encoded_message(header + content)
    body: bytes = submit.pdu()[HEADER.size :]
    return body


def _validity(
    expires_at: datetime | None, settings: SmppSettings, now: datetime
) -> datetime | timedelta | None:
    if expires_at is None or settings.validity is Validity.NONE:
        return None
    if settings.validity is Validity.ABSOLUTE:
        return expires_at.astimezone(UTC)
    return min(max(expires_at - now, _SHORTEST), _LONGEST_RELATIVE)
