"""A request's query and body, checked and made into the operation's models."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, NoReturn

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from console.api.problem import FieldError, Problem
from console.api.shapes import LARGEST_INTEGER

BODY_SECONDS = 20.0  # for all of a JSON body, and for each piece of a streamed one
LARGEST_BODY = 64 * 1024
DEEPEST = 32
MOST_ERRORS = 20
_LONGEST_QUERY = 8192
_INTEGER = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,16})?", re.ASCII)
_WORDS = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such member.",
    "model_type": "This must be a JSON object.",
    "model_attributes_type": "This must be a JSON object.",
    "finite_number": "This must be a finite number.",
}


async def body_chunks(request: web.Request, largest: int) -> AsyncIterator[bytes]:
    """The body piece by piece, in flat memory. Raises Problem 413, 408 or 400."""
    if (request.content_length or 0) > largest:
        raise _too_large(largest)
    size = 0
    try:
        while True:
            async with asyncio.timeout(BODY_SECONDS):
                chunk = await request.content.readany()
            if not chunk:
                return
            size += len(chunk)
            if size > largest:
                raise _too_large(largest)
            yield chunk
    except TimeoutError:
        raise Problem(408, "too-slow", "The body did not come in time. Send it again.") from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        raise Problem(400, "unreadable", "The body cannot be read: its encoding is broken.") from error


async def read_body(request: web.Request, largest: int | None) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return b"".join([chunk async for chunk in body_chunks(request, largest or LARGEST_BODY)])
    except TimeoutError:
        raise Problem(408, "too-slow", "The body did not come in time. Send it again.") from None


def _too_large(largest: int) -> Problem:
    return Problem(413, "too-large", f"The body is too large: {largest:,} bytes at most.")


def body_of(model: type[BaseModel], raw: bytes) -> BaseModel:
    """Raises Problem 400 for what is no JSON, 422 naming each member that is not the model's."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_object, parse_constant=_constant)
    except _Twice as twice:
        wrong = FieldError("body", f"The member {twice.name[:80]!r} is there twice in one object.")
        raise Problem(400, "not-json", "The body has a member twice.", errors=[wrong]) from None
    except RecursionError:
        _too_deep()
    except ValueError:
        raise Problem(400, "not-json", "The body is no JSON. Send a JSON object, in UTF-8.") from None
    wrongs: list[FieldError] = []
    _walk(value, "body", 1, wrongs)
    if wrongs:
        raise _invalid(422, "body", wrongs)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise _invalid(422, "body", _field_errors("body", error, model)) from None


def query_of(model: type[BaseModel], request: web.Request) -> BaseModel:
    """Raises Problem 400, naming the parameters that are wrong."""
    if len(request.rel_url.raw_query_string) > _LONGEST_QUERY:
        raise Problem(400, "invalid", f"The query may have {_LONGEST_QUERY:,} characters at most.")
    given = request.query
    kinds = _kinds(model)
    values: dict[str, object] = {}
    wrongs: list[FieldError] = []
    for name in dict.fromkeys(given):
        texts = given.getall(name)
        kind, many = kinds.get(name, ("string", False))
        if len(texts) > 1 and not many:
            wrongs.append(FieldError(f"query.{name[:80]}", "Give this once."))
            continue
        values[name] = [_value(text, kind) for text in texts] if many else _value(texts[0], kind)
    _walk(values, "query", 1, wrongs)
    if not wrongs:
        try:
            return model.model_validate_json(orjson.dumps(values), strict=True)
        except ValidationError as error:
            wrongs = _field_errors("query", error, model)
    raise _invalid(400, "query", wrongs)


@cache
def _kinds(model: type[BaseModel]) -> dict[str, tuple[str, bool]]:
    """name -> (JSON type of one value, whether it may be given several times)."""
    schema = model.model_json_schema()
    return {name: _kind(member, schema) for name, member in schema.get("properties", {}).items()}


def _kind(member: dict[str, Any], whole: dict[str, Any]) -> tuple[str, bool]:
    if "$ref" in member:
        return _kind(whole["$defs"][member["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in member:
        others = [m for m in member["anyOf"] if m.get("type") != "null"]
        return _kind(others[0], whole)
    if member.get("type") == "array":
        return _kind(member.get("items", {}), whole)[0], True
    return member.get("type", "string"), False


def _value(text: str, kind: str) -> object:
    """As JSON; what is not of its kind stays text, and the model says so."""
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


class _Twice(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return made


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _too_deep() -> NoReturn:
    wrong = FieldError("body", f"Nest objects and lists {DEEPEST} deep at most.")
    raise Problem(400, "not-json", "The body is nested too deep.", errors=[wrong])


def _walk(value: object, place: str, depth: int, wrongs: list[FieldError]) -> None:
    """What no field may hold, whatever its model says."""
    if depth > DEEPEST:
        _too_deep()
    match value:
        case str():
            if "\x00" in value:
                wrongs.append(FieldError(place, "A text has no NUL characters."))
            elif not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
                wrongs.append(FieldError(place, "Half of a surrogate pair is no character."))
        case bool():
            pass
        case int() | float():
            if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
                wrongs.append(FieldError(place, f"Numbers are at most {LARGEST_INTEGER}."))
        case list():
            for index, item in enumerate(value):
                _walk(item, f"{place}[{index}]", depth + 1, wrongs)
        case dict():
            for name, item in value.items():
                _walk(name, place, depth + 1, wrongs)
                _walk(item, f"{place}.{name[:80]}", depth + 1, wrongs)


def _field_errors(where: str, error: ValidationError, model: type[BaseModel]) -> list[FieldError]:
    found: dict[str, FieldError] = {}
    for wrong in error.errors(include_url=False, include_input=False, include_context=False):
        place = where
        for part in wrong["loc"]:
            place += f"[{part}]" if isinstance(part, int) else f".{part[:80]}"
        message = _WORDS.get(wrong["type"]) or wrong["msg"].removeprefix("Value error, ")
        if wrong["type"] == "extra_forbidden" and len(wrong["loc"]) == 1 and _kinds(model):
            message = f"There is no such member; there are {', '.join(_kinds(model))}."
        found.setdefault(place, FieldError(place, message if message[-1:] in ".!?" else f"{message}."))
    return list(found.values())


def _invalid(status: int, where: str, wrongs: list[FieldError]) -> Problem:
    shown = wrongs[:MOST_ERRORS]
    more = f" {len(wrongs) - len(shown)} more are not shown." if len(wrongs) > len(shown) else ""
    fields = "One member is" if len(wrongs) == 1 else f"{len(wrongs)} members are"
    return Problem(status, "invalid", f"{fields} wrong in the {where}: see errors.{more}", errors=shown)
