"""E-mail addresses: who we are, whom we write to, and the return path by which a bounce finds its message."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.utils import parseaddr

import idna

# Printable, no blanks, nothing that ends or lengthens a command: stricter than the grammar, as servers are.
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f\"(),:;<>@\[\\\]]{1,64}")
_OF_MESSAGE = re.compile(r"\+([a-z0-9_-]{1,64})$")


class AddressRefused(ValueError):
    """The message says what is wrong, without the address."""


@dataclass(frozen=True, slots=True)
class Address:
    """`domain` in ASCII. `local` may hold letters that only SMTPUTF8 carries."""

    local: str
    domain: str

    @property
    def wants_utf8(self) -> bool:
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def address_of(text: str) -> Address:
    """Raises AddressRefused."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or ".." in local or local[0] == "." or local[-1] == ".":
        raise AddressRefused("the address is no e-mail address")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in local):
        raise AddressRefused("the address holds a letter that cannot be seen")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise AddressRefused("the domain of the address is not good") from None
    return Address(local, ascii_domain)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name, which may be empty, and its address."""

    name: str
    address: Address


def mailbox_of(text: str) -> Mailbox:
    """ "Anna <anna@example.com>" or the address alone. Raises AddressRefused."""
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text):
        raise AddressRefused("the sender holds a line break or another control character")
    name, address = parseaddr(text)
    if not address:
        raise AddressRefused("the sender is no e-mail address")
    return Mailbox(name, address_of(address))


def one_line(text: str) -> str:
    """A header's text on one line: what breaks lines or cannot be seen becomes a blank."""
    visible = [" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") else letter for letter in text]
    return " ".join("".join(visible).split())


def return_path(bounces: Address, message_id: str) -> str:
    """bounce@example.com and m1 -> bounce+m1@example.com"""
    return f"{bounces.local}+{message_id}@{bounces.domain}"


def message_of_return_path(bounces: Address, recipient: str) -> str | None:
    """The id of the message whose return path this is. Mail servers may change its capitals."""
    local, _, domain = recipient.strip().lower().rpartition("@")
    found = _OF_MESSAGE.search(local)
    if found is None or domain != bounces.domain or local[: found.start()] != bounces.local.lower():
        return None
    return found[1]
