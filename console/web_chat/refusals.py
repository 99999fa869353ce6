"""Why a visitor's page is refused: a code for its script, and one sentence in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from console.words import Words
from engine.chat.sides import ChatRefused

# The codes of ChatRefused and our own. `again` is the answer to whatever looks like a robot.
STATUS: Mapping[str, int] = {
    "again": 429,
    "away": 503,
    "choice": 409,
    "closed": 409,
    "consent": 422,
    "empty": 422,
    "foreign": 403,
    "full": 503,
    "gone": 404,
    "nobody": 409,
    "no_call": 409,
    "number": 422,
    "site": 404,
    "too_fast": 429,
    "too_long": 422,
    "unreadable": 400,
}
RETRY_SECONDS: Mapping[str, int] = {"again": 5, "away": 5, "full": 30, "too_fast": 2}


class Turned(Exception):
    """A visitor's request is turned away; `code` is one of STATUS."""

    def __init__(self, code: str, **more: object) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def code_of(refused: ChatRefused) -> str:
    """Theirs by our names: their "again" is a choice that is not offered any more, and is not sent again."""
    code = "choice" if refused.code == "again" else refused.code
    return code if code in STATUS else "away"


def refusal(code: str, words: Words, more: Mapping[str, object] | None = None) -> web.Response:
    """{"code", "sentence", …}."""
    headers = {"Retry-After": str(RETRY_SECONDS[code])} if code in RETRY_SECONDS else {}
    body = {**(more or {}), "code": code, "sentence": words(f"webchat_refused_{code}")}
    return web.json_response(body, status=STATUS[code], headers=headers)
