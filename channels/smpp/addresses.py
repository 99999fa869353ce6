"""Senders and recipients as SMPP has them: digits or letters, with a type of number and a numbering plan."""

from __future__ import annotations

import re

from aiosmpplib import NPI, TON, PhoneNumber

from channels.smpp.settings import SmppSettings

_INTERNATIONAL_DIGITS = re.compile(r"\+?([1-9]\d{6,14})")
_SHORT_CODE = re.compile(r"\d{2,7}")
# As long as a handset shows it.
_NAME = re.compile(r"[ -~]{1,11}")
_LEAST_INTERNATIONAL_DIGITS = 8


class AddressRefused(ValueError):
    """The address cannot be written; the message says why, without the address."""


def source_of(sender: str, settings: SmppSettings) -> PhoneNumber:
    """The sender: an international number, a short code, a name of up to eleven characters, or nothing.

    Raises AddressRefused.
    """
    if not sender:
        number, ton, npi = "", TON.UNKNOWN, NPI.UNKNOWN
    elif _SHORT_CODE.fullmatch(sender):
        number, ton, npi = sender, TON.NETWORK_SPECIFIC, NPI.UNKNOWN
    elif found := _INTERNATIONAL_DIGITS.fullmatch(sender):
        number, ton, npi = found[1], TON.INTERNATIONAL, NPI.ISDN
    elif _NAME.fullmatch(sender) and any(character.isalpha() for character in sender):
        number, ton, npi = sender, TON.ALPHANUMERIC, NPI.UNKNOWN
    else:
        raise AddressRefused(
            "the sender is neither a number nor a name of up to 11 letters, digits and signs of ASCII"
        )
    return PhoneNumber(
        number,
        ton if settings.sender_ton is None else TON(settings.sender_ton),
        npi if settings.sender_npi is None else NPI(settings.sender_npi),
    )


def destination_of(to: str, settings: SmppSettings) -> PhoneNumber:
    """The recipient's number, E.164. Raises AddressRefused."""
    found = _INTERNATIONAL_DIGITS.fullmatch(to)
    if found is None:
        raise AddressRefused("the recipient is no number in the international form")
    return PhoneNumber(found[1], TON(settings.destination_ton), NPI(settings.destination_npi))


def told_address(number: str, ton: int) -> str:
    """An address of an incoming message, as the rest of the program writes it."""
    digits = number.lstrip("+")
    full = digits.isdecimal() and (
        ton == TON.INTERNATIONAL
        or number.startswith("+")
        or (ton == TON.UNKNOWN and len(digits) >= _LEAST_INTERNATIONAL_DIGITS and digits[0] != "0")
    )
    # A number that means another country's when it is written without its prefix is not guessed at.
    return f"+{digits}" if full and len(digits) >= _LEAST_INTERNATIONAL_DIGITS else number
