"""Whether a visitor of a web site is invited to a chat. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from messaging.chat_site import InvitationRule


@dataclass(frozen=True, slots=True)
class Visit:
    """`page`: the address where the visitor is. `pages_seen`: in this visit, this one among them.

    `settled`: they were invited before, put it away, or have a chat open.
    """

    page: str
    pages_seen: int
    settled: bool = False


def invites(rule: InvitationRule | None, visit: Visit, *, can_open: bool) -> bool:
    """How long the visitor has been on the page is not judged here: the page asks once, after that time."""
    if rule is None or not can_open or visit.settled or visit.pages_seen < rule.visits:
        return False
    path = _path_of(visit.page)
    return path is not None and (not rule.pages or any(_fits(one, path) for one in rule.pages))


def _path_of(address: str) -> str | None:
    """None: it is no address of a web page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return (parts.path or "/") if parts.scheme in ("http", "https") and parts.netloc else None


def _fits(pattern: str, path: str) -> bool:
    """In one pass, however long the path: whoever asks has written it."""
    first, *rest = pattern.split("*")
    if not rest or not path.startswith(first):
        return path == pattern
    at = len(first)
    for part in rest[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return path.endswith(rest[-1]) and at + len(rest[-1]) <= len(path)
