"""A source tree read by a pydantic model; what the model refuses is told with line and column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from rapidfuzz import process
from rapidfuzz.distance import Indel

from wording.yaml_source import Listing, Node, Place, Problem, Scalar, SourceRejected, Table

# How much of two words must be the same for one to be meant by the other, and how many are looked at closely.
CLOSE = 0.6
MOST_LIKELY = 10
# Comparing grows with the square; nobody mistypes a word as long as a paragraph.
LONGEST_GUESSED = 100

M = TypeVar("M", bound=BaseModel)
Path = Sequence[str | int]


def plain(node: Node) -> Any:
    """The tree as dictionaries, lists and texts."""
    match node:
        case Scalar():
            return node.text
        case Table():
            return {key: plain(value) for key, (_, value) in node.entries.items()}
        case Listing():
            return [plain(item) for item in node.items]


def locate(node: Node, path: Path, *, key: bool = False) -> Place:
    """Where `path` leads; `key`: to the key rather than its value.

    Parts of the path that the source does not have are passed over: a shorthand was written, or it is
    missing.
    """
    place = node.place
    for part in path:
        if isinstance(node, Table) and (entry := node.entries.get(str(part))) is not None:
            name, node = entry
            place = name.place if key or not isinstance(node, Scalar) else node.place
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            place = node.place
    return place


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if any is close."""
    if len(word) > LONGEST_GUESSED:
        return None
    # Much faster than difflib, and never stricter: of a thousand words a few are left to be compared by it.
    likely = process.extract(
        word, list(known), scorer=Indel.normalized_similarity, limit=MOST_LIKELY, score_cutoff=CLOSE
    )
    close = difflib.get_close_matches(word, [found for found, _, _ in likely], n=1, cutoff=CLOSE)
    return close[0] if close else None


def guess(word: str, known: Iterable[str]) -> str:
    """The end of a sentence, " (did you mean 'lookup'?)"; empty when no known word is close."""
    close = closest(word, known)
    return "" if close is None else f" (did you mean {close!r}?)"


def read_model(model: type[M], node: Node, file: str, context: Any = None, about: str = "") -> M:
    """The model filled from the tree. Raises SourceRejected with all that it refuses.

    `about` is put before each message. `context` is pydantic's validation context.
    """
    try:
        return model.model_validate(plain(node), context=context)
    except ValidationError as refused:
        problems = []
        errors = refused.errors(include_url=False)
        meant = _meant_keys(errors, model)
        for error in errors:
            loc = error["loc"]
            if error["type"] == "missing" and loc in meant:
                continue  # it is there, misspelt, which is told
            if error["type"] == "too_short" and any(_within(one["loc"], loc) for one in errors):
                continue  # what is in it is refused, which is told
            about_key = error["type"] == "extra_forbidden" or "[key]" in loc
            place = locate(node, loc, key=about_key)
            problems.append(Problem(file, place.line, place.column, about + _told(error, loc, model)))
        raise SourceRejected(tuple(sorted(problems, key=lambda p: (p.line, p.column)))) from None


def _within(inner: Path, outer: Path) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _meant_keys(errors: Sequence[Any], model: type[BaseModel]) -> set[tuple[str | int, ...]]:
    """Where the fields stand that are missing only because their keys are misspelt."""
    missing: dict[tuple[str | int, ...], list[str]] = {}
    for error in errors:
        if error["type"] == "missing":
            missing.setdefault(error["loc"][:-1], []).append(str(error["loc"][-1]))
    found = set()
    for error in errors:
        loc = error["loc"]
        if error["type"] == "extra_forbidden" and loc[:-1] in missing:
            word = closest(str(loc[-1]), _fields(model, loc[:-1]))
            if word in missing[loc[:-1]]:
                found.add((*loc[:-1], word))
    return found


def model_despite_strangers(model: type[M], node: Node, context: Any) -> M | None:
    """The model without the keys it does not know; None when something else is wrong too."""
    try:
        return model.model_validate(plain(node), context=context, extra="ignore")
    except ValidationError:
        return None


def _told(error: Any, loc: Path, model: type[BaseModel]) -> str:
    """A refusal in plain words."""
    name = next((str(part) for part in reversed(loc) if isinstance(part, str) and part != "[key]"), "")
    match error["type"]:
        case "extra_forbidden":
            known = _fields(model, loc[:-1])
            return f"{name!r} is not known here" + (guess(name, known) or f"; there are {', '.join(known)}")
        case "missing":
            return f"{name!r} is missing"
        case "value_error":
            message = str(error["ctx"]["error"])
        case "dict_type" | "model_type" | "model_attributes_type":
            message = "keys and values are wanted here, such as {key: value}"
        case "list_type" | "tuple_type":
            message = "a list is wanted here, such as [one, two]"
        case "string_type":
            message = "a text is wanted here"
        case "bool_parsing" | "bool_type":
            message = "true or false is wanted here"
        case "int_parsing" | "int_type":
            message = "a whole number is wanted here"
        case "string_pattern_mismatch":
            pattern = error["ctx"]["pattern"]
            message = f"{error['input']!r} is not written as it must be: {_MEANT.get(pattern, pattern)}"
        case "too_short":
            message = f"at least {error['ctx']['min_length']} is wanted here"
        case "greater_than_equal":
            message = f"at least {error['ctx']['ge']:g} is wanted here"
        case "less_than_equal":
            message = f"at most {error['ctx']['le']:g} is wanted here"
        case _:
            message = error["msg"][:1].lower() + error["msg"][1:]
    return f"{name!r}: {message}" if name else message


_MEANT = {
    r"^([0-9]{1,8}|\*|#)$": 'one to eight digits, "*" or "#"',
    r"^[0-9]{1,8}$": "one to eight digits",
    r"^[0-9]$": "one digit",
    r"^[A-Z]{2}$": "two capital letters",
    r"^[A-Z]{3}$": "three capital letters",
    r"^[a-z][a-z0-9_]{0,29}$": "up to 30 small letters, digits and _, a letter first",
    r"^[a-z][a-z0-9_]{0,39}$": "up to 40 small letters, digits and _, a letter first",
    r"^[a-z][a-z0-9_-]{0,39}$": "up to 40 small letters, digits, - and _, a letter first",
    r"^[a-z0-9_-]{1,40}$": "up to 40 small letters, digits, - and _",
    r"^[a-z0-9][a-z0-9-]{0,59}$": "up to 60 small letters, digits and -, no - first",
    r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$": "letters, digits, - and _, in three folders at most",
}
"""The patterns of fields, for people."""


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The fields of the model that stands at `path`, as far as it is a plain nesting of models."""
    known = [field.alias or name for name, field in model.model_fields.items() if not field.exclude]
    inner = [f.annotation for name, f in model.model_fields.items() if path and name == path[0]]
    for annotation in inner:
        nested = _nested(annotation)
        if nested is not None:
            return _fields(nested, [part for part in path[1:] if part in nested.model_fields])
    return known


def _nested(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _nested(inner)) is not None:
            return found
    return None


_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s|m|h|d)?")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration_seconds(value: Any) -> float:
    """The seconds of a duration such as 5s. Raises ValueError."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or match.group(2) is None:
        raise ValueError("a duration with its unit is wanted here, such as 5s, 2m or 4h")
    return float(match.group(1)) * _UNIT_SECONDS[match.group(2)]


_Written = Annotated[str, Field(pattern=r"^\s*[0-9]{1,6}(\.[0-9]{1,3})?\s*(ms|s|m|h|d)\s*$")]
Seconds = Annotated[float, BeforeValidator(duration_seconds, json_schema_input_type=_Written)]
"""A duration written as 500ms, 5s, 2m, 4h or 1d, in seconds."""
