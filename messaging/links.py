"""Short links: whoever follows one has got the message. Ids come from outside, as random bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

ID_BYTES = 8
"""64 random bits: with a million links alive, one guess in 18 million millions finds one."""
ID_LETTERS = 11
LONGEST_TARGET = 2_048
LIFETIME, LONGEST_LIFETIME = timedelta(days=30), timedelta(days=366)
# No signs: programs that look for addresses in texts cut them off at the end.
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = re.compile(rf"[0-9A-Za-z]{{{ID_LETTERS}}}")
_SCHEMES = frozenset({"http", "https"})
_HOST = re.compile(r"[^\s/?#@:\\\[\]]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+")
# What looks at a page to show a preview of it, or to look for malware, is no person.
_MACHINES = re.compile(
    r"bot\b|bot/|crawl|spider|preview|facebookexternalhit|whatsapp|vkshare|slurp|skypeuri|embedly|fetch"
    r"|scan|curl/|wget/|python|go-http|java/|okhttp|headless",
    re.IGNORECASE,
)


class WrongLink(ValueError):
    """A link cannot be made; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class ShortLink:
    """`target` is fixed: following the link can lead nowhere else, whatever is added to it."""

    id: str
    message_id: str
    target: str
    made_at: datetime
    expires_at: datetime

    def target_at(self, now: datetime) -> str | None:
        """Where it leads; None when its time is over."""
        return self.target if now < self.expires_at else None


def link_id(random: bytes) -> str:
    """Eleven letters and digits of exactly 8 random bytes. Raises WrongLink."""
    if len(random) != ID_BYTES:
        raise WrongLink(f"A link's id is made of {ID_BYTES} random bytes, not of {len(random)}.")
    number, letters = int.from_bytes(random), ""
    for _ in range(ID_LETTERS):
        number, digit = divmod(number, len(_ALPHABET))
        letters = _ALPHABET[digit] + letters
    return letters


def is_link_id(text: str) -> bool:
    """Whether it can be one at all; others are not looked up."""
    return _ID.fullmatch(text) is not None


def short_link(
    random: bytes, message_id: str, target: str, now: datetime, lifetime: timedelta = LIFETIME
) -> ShortLink:
    """Raises WrongLink."""
    if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
        raise WrongLink(f"A link lives up to {LONGEST_LIFETIME.days} days; give it a shorter life.")
    return ShortLink(link_id(random), message_id, checked_target(target), now, now + lifetime)


def checked_target(target: str) -> str:
    """An address of the web that a browser can be sent to. Raises WrongLink."""
    if len(target) > LONGEST_TARGET:
        raise WrongLink(f"The address has more than {LONGEST_TARGET:,} characters; shorten it.")
    if any(letter.isspace() or not letter.isprintable() for letter in target) or "\\" in target:
        raise WrongLink("The address has blanks, signs that are not seen, or \\ in it; escape them with %.")
    try:
        parts = urlsplit(target)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongLink("The address cannot be read; write it as https://example.com/page.") from None
    if parts.scheme not in _SCHEMES or not host or not _HOST.fullmatch(host):
        raise WrongLink("The address has to begin with https:// (or http://) and a host.")
    if "@" in parts.netloc:
        raise WrongLink("The address has a name or password before its host; leave them out.")
    return target


def by_a_person(method: str, headers: Mapping[str, str]) -> bool:
    """Whether such a request for a link shows that a person followed it. `headers` by names in lower case.

    Telephones and mail servers fetch links to show or to examine them; those are led on, and prove nothing.
    """
    if method.upper() != "GET":
        return False
    if any("prefetch" in headers.get(name, "").lower() for name in ("purpose", "sec-purpose", "x-moz")):
        return False
    agent = headers.get("user-agent", "")
    return bool(agent) and _MACHINES.search(agent) is None
