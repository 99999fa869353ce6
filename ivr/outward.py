"""What leaves a call: texts, numbers and paths made of values. A value stays one, and secrets stay here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from calls.numbers import parse_number
from wording.templates import HIDDEN, Template

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk

# Servers and the log take no longer ones.
LONGEST_PATH = 2000
# As people and networks write a number. A longer text is none, and a name is no number.
_WRITTEN_NUMBER = re.compile(r"\+?[0-9 ()./-]{1,30}", re.ASCII)
# What RFC 3986 allows in a path and a query, less the % of an escape.
_PATH_SIGNS = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?-]*", re.ASCII)


class Refused(Exception):
    """What was to leave the call may not. The talk knows it already: it is trouble."""


def outward_text(
    talk: Talk,
    step: Step,
    template: Template,
    values: Mapping[str, object] | None = None,
) -> str:
    """The text in the caller's language. `values` are known to this text only.

    Raises Unset, and Refused when it has a secret value in it.
    """
    _refuse_secrets(talk, step, template)
    scope = talk.scope if values is None else {**talk.scope, **values}
    return template.render(scope, str(talk.scope["language"]))


def outward_number(talk: Talk, step: Step, template: Template) -> str | None:
    """A number in E.164, or None when the text is none: withheld, internal, or not a number at all."""
    text = outward_text(talk, step, template).strip()
    if not _WRITTEN_NUMBER.fullmatch(text):
        return None
    return parse_number(text, talk.surroundings.region).e164


@dataclass(frozen=True, slots=True)
class RequestPath:
    """`logged`: the same without secrets; empty when there are none in it."""

    path: str
    logged: str = ""


def outward_path(talk: Talk, template: Template) -> RequestPath | None:
    """The path and query of a request, every value in it escaped. Raises Unset.

    A value can neither end its segment nor be empty, `.` or `..`, which would ask for something else: then,
    and when it is too long, None. A secret may be asked with, but not logged.
    """
    language = str(talk.scope["language"])
    path, logged, query = "", "", False
    for part in template.parts:
        if isinstance(part, str):
            query = query or "?" in part
            path, logged = path + part, logged + part
            continue
        value = part.written(talk.scope, language)
        if not (value or query):
            return None
        escaped = quote(value, safe="")
        path += escaped
        logged += HIDDEN if part.names & talk.secrets.keys() else escaped
    segments = path.partition("?")[0].split("/")
    if len(path) > LONGEST_PATH or any(unquote(segment) in (".", "..") for segment in segments):
        return None
    return RequestPath(path, "" if logged == path else logged)


def checked_path(template: Template) -> Template:
    """Raises ValueError when the path, as it is written in a flow, is none."""
    first = template.parts[0]
    if not (isinstance(first, str) and first.startswith("/")) or first.startswith("//"):
        raise ValueError(
            f'{template.source!r} is no path; write it from the service\'s root, as "/orders/{{order}}"'
        )
    for part in template.parts:
        if isinstance(part, str) and not _PATH_SIGNS.fullmatch(part):
            strange = next(sign for sign in part if not _PATH_SIGNS.fullmatch(sign))
            raise ValueError(f"{strange!r} may not stand in a path; values are escaped by themselves")
    written = "".join(part if isinstance(part, str) else "{}" for part in template.parts)
    if any(segment in (".", "..") for segment in written.partition("?")[0].split("/")):
        raise ValueError(f"{template.source!r} has a segment . or ..; write where it leads")
    return template


def _refuse_secrets(talk: Talk, step: Step, template: Template) -> None:
    secret = sorted(template.names & talk.secrets.keys())
    if secret:
        names = ", ".join(secret)
        talk.trouble("secret", f"step {step.name!r} would have sent or kept {names}, which is secret")
        raise Refused
