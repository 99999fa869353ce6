"""What the headers of a request ask for: media types, and versions by their ETags."""

from __future__ import annotations

import re

from aiohttp import web

from console.api.operation import Operation
from console.api.problem import FieldError, Problem

JSON = "application/json"
PROBLEM = "application/problem+json"
MERGE_PATCH = "application/merge-patch+json"
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)


def etag_of(version: int) -> str:
    return f'"{version}"'


def body_types(operation: Operation) -> tuple[str, ...]:
    """Media types of the operation's body; none when it takes none."""
    if operation.body_types or operation.body is None:
        return operation.body_types
    return (JSON, MERGE_PATCH) if operation.method == "PATCH" else (JSON,)


def answer_types(operation: Operation) -> tuple[str, ...]:
    """Media types of success; none when it has no content."""
    if operation.answer_types:
        return operation.answer_types
    return () if operation.answer is None else (JSON,)


def check_content_type(request: web.Request, taken: tuple[str, ...]) -> None:
    """Raises Problem 415."""
    given = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    charset = (request.charset or "utf-8").lower() if given else "utf-8"
    if given not in taken:
        headers = {"Accept-Patch" if request.method == "PATCH" else "Accept-Post": ", ".join(taken)}
        raise Problem(
            415, "media-type", f"Send the body with Content-Type: {' or '.join(taken)}.", headers=headers
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "media-type", "Send the body as it is, without Content-Encoding.")
    if given.endswith("json") and charset not in ("utf-8", "utf8"):
        raise Problem(415, "media-type", "JSON is written in UTF-8.")


def check_accept(accept: str | None, given: tuple[str, ...]) -> None:
    """Raises Problem 406 when the asker takes none of what the operation gives."""
    if not given or not accept or accept == "*/*":
        return
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters):
            continue
        if kind in ("*/*", *given) or (kind.endswith("/*") and any(g.startswith(kind[:-1]) for g in given)):
            return
    raise Problem(406, "not-acceptable", f"This is given as {' or '.join(given)} only: accept that.")


def wanted_version(request: web.Request, *, required: bool) -> int | None:
    """The version that If-Match names. Raises Problem 428 without it, 412 for a tag that is none of ours."""
    given = ", ".join(request.headers.getall("If-Match", ()))
    if not given:
        if required:
            raise Problem(
                428,
                "version-required",
                "Name the version that you change: send its ETag in the header If-Match.",
            )
        return None
    if not required:
        return None
    match = _ETAG.fullmatch(given.strip())
    if match is None:
        wrong = FieldError("header.If-Match", 'Send one ETag, in its quotes: If-Match: "3".')
        raise Problem(400, "invalid", "If-Match must name one version.", errors=[wrong])
    if not _VERSION.fullmatch(match[1]):
        raise Problem(412, "changed", "If-Match names no version of this thing. Read it again.")
    return int(match[1])


def not_modified(request: web.Request, etag: str) -> bool:
    """Whether the asker has this version already (If-None-Match)."""
    given = ", ".join(request.headers.getall("If-None-Match", ()))
    return given.strip() == "*" or any(f'"{tag}"' == etag for tag in _ETAG.findall(given))
