"""The fields of a campaign's forms: where each lies in a campaign, and how it is written and read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialer.recycling import RECYCLED
from schedules.spans import parse_spans

LONGEST_TEXT = 200
LONGEST_LIST = 4_000
MOST_ROWS = 100
_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,6}([.,][0-9]{1,4})?", re.ASCII)
_MINUTE = 60


class Kind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"  # one of names, or none
    ENUM = "enum"  # one of the words that are always there
    NAMES = "names"  # any of names, ticked
    LIST = "list"  # names, one after another with commas
    WHOLE = "whole"
    MINUTES = "minutes"  # kept as seconds
    DECIMAL = "decimal"
    DATE = "date"
    YES = "yes"
    SPANS = "spans"  # "8:00-12:00, 17:00-20:00"
    PREFIXES = "prefixes"  # a line for each: "+48 = +48220000010"


@dataclass(frozen=True, slots=True)
class Field:
    """`path` as a mistake names it. `names`: which of the installation's names; `words`: prefix of an enum's.

    `optional`: left empty it is none.
    """

    path: str
    kind: Kind
    names: str = ""
    words: str = ""
    optional: bool = False

    @property
    def label(self) -> str:
        return "campaign_f_" + self.path.replace(".", "_")


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    fields: tuple[Field, ...]


class WrongInput(ValueError):
    """`key` names the sentence in the reader's language."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


K = Kind
WHAT = (
    Group(
        "about",
        (
            Field("name", K.TEXT),
            Field("kind", K.ENUM, words="campaign_kind_"),
            Field("purpose", K.ENUM, words="purpose_"),
            Field("packs", K.NAMES, names="packs"),
        ),
    ),
    Group(
        "people",
        (
            Field("queue", K.CHOICE, names="queues", optional=True),
            Field("flow", K.CHOICE, names="flows", optional=True),
            Field("question_flow", K.CHOICE, names="flows", optional=True),
            Field("script", K.CHOICE, names="scripts", optional=True),
            Field("dispositions", K.NAMES, names="dispositions"),
            Field("topics", K.LIST),
            Field("language", K.CHOICE, names="spoken", optional=True),
        ),
    ),
    Group(
        "goal",
        (
            Field("goal.count", K.WHOLE, optional=True),
            Field("goal.dispositions", K.NAMES, names="dispositions"),
            Field("stop.list_ended", K.YES),
            Field("stop.attempts", K.WHOLE, optional=True),
            Field("stop.refused_in_row", K.WHOLE, optional=True),
        ),
    ),
)
HOW = (
    Group(
        "dialling",
        (
            Field("mode", K.ENUM, words="campaign_mode_"),
            Field("lines", K.WHOLE),
            Field("calls_per_second", K.DECIMAL),
            Field("ring_seconds", K.WHOLE),
            Field("caller_ids", K.PREFIXES),
            Field("priority", K.WHOLE),
            Field("share", K.WHOLE),
        ),
    ),
    Group(
        "when",
        (
            Field("hours", K.CHOICE, names="hours", optional=True),
            Field("first_day", K.DATE, optional=True),
            Field("last_day", K.DATE, optional=True),
            Field("time_zone", K.TEXT),
        ),
    ),
    Group(
        "attempts",
        (
            Field("retry.caps.lead", K.WHOLE),
            Field("retry.caps.number", K.WHOLE),
            Field("retry.caps.day", K.WHOLE),
            Field("retry.caps.gap_seconds", K.MINUTES),
            Field("retry.best_time", K.SPANS, optional=True),
        ),
    ),
    Group(
        "recycling",
        tuple(
            field
            for result in RECYCLED
            for field in (
                Field(f"retry.recycling.{result}.after_seconds", K.MINUTES),
                Field(f"retry.recycling.{result}.most", K.WHOLE),
                Field(f"retry.recycling.{result}.next_number", K.YES),
            )
        ),
    ),
    Group(
        "machine",
        (
            Field("machine.detect", K.ENUM, words="campaign_detect_"),
            Field("machine.on_machine", K.ENUM, words="campaign_on_machine_"),
            Field("machine.flow", K.CHOICE, names="flows", optional=True),
            Field("machine.seconds", K.DECIMAL),
        ),
    ),
    Group(
        "abandon",
        (
            Field("abandon.flow", K.CHOICE, names="flows", optional=True),
            Field("abandon.opt_out_key", K.TEXT),
        ),
    ),
)
PREVIEW = Group(
    "preview",
    (
        Field("preview_seconds", K.WHOLE),
        Field("preview.end", K.ENUM, words="campaign_preview_end_"),
        Field("preview.skip_reasons", K.LIST),
        Field("preview.skip_seconds", K.MINUTES),
    ),
)
STEPS: Mapping[str, tuple[Group, ...]] = {"what": WHAT, "how": (*HOW, PREVIEW)}


def fields_of(step: str) -> Sequence[Field]:
    return [field for group in STEPS[step] for field in group.fields]


def place_of(path: str, fields: Collection[Field]) -> str | None:
    """Of the field that a mistake is about: its own, or that of the longest path that it begins with."""
    near = [one.path for one in fields if path == one.path or path.startswith(one.path + ".")]
    return max(near, key=len, default=None)


def written(field: Field, value: object) -> str:
    """As the form shows it; of ticked names all, with commas."""
    if value is None:
        return ""
    match field.kind:
        case Kind.MINUTES:
            return f"{float(str(value)) / _MINUTE:g}"
        case Kind.DECIMAL:
            return f"{float(str(value)):g}"
        case Kind.YES:
            return "yes" if value else ""
        case Kind.NAMES | Kind.LIST:
            return ", ".join(value) if isinstance(value, list | tuple) else ""
        case Kind.SPANS:
            parts = value if isinstance(value, list | tuple) else ()
            return ", ".join(f"{_clock(one['begins'])}-{_clock(one['ends'])}" for one in parts)
        case Kind.PREFIXES:
            numbers = value if isinstance(value, Mapping) else {}
            return "\n".join(f"{begin} = {number}".strip() for begin, number in numbers.items())
        case _:
            return str(value)


def typed_in(field: Field, form: Mapping[str, str]) -> str:
    """What the form has of it; ticked names come as a member each."""
    if field.kind is Kind.NAMES:
        begin = f"{field.path}:"
        return ", ".join(name.removeprefix(begin) for name in form if name.startswith(begin))
    return form.get(field.path, "").strip()


def read(field: Field, text: str) -> object:
    """What was typed, as a campaign has it. Raises WrongInput."""
    most = LONGEST_LIST if field.kind in (Kind.NAMES, Kind.LIST, Kind.PREFIXES) else LONGEST_TEXT
    if len(text) > most or not text.replace("\n", "").replace("\r", "").isprintable():
        raise WrongInput("campaign_wrong_text")
    match field.kind:
        case Kind.YES:
            return bool(text)
        case Kind.NAMES | Kind.LIST:
            return list(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
        case Kind.PREFIXES:
            return _prefixes(text)
        case Kind.SPANS:
            return {"parts": _spans(text)}
        case _ if not text and field.optional:
            return None
        case Kind.WHOLE:
            if not _WHOLE.fullmatch(text):
                raise WrongInput("campaign_wrong_whole")
            return int(text)
        case Kind.MINUTES:
            return round(_decimal(text) * _MINUTE)
        case Kind.DECIMAL:
            return _decimal(text)
        case _:
            return text


def _decimal(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise WrongInput("campaign_wrong_decimal")
    return float(text.replace(",", "."))


def _spans(text: str) -> list[dict[str, int]]:
    if not text:
        return []
    try:
        return [{"begins": one.begins, "ends": one.ends} for one in parse_spans(text)]
    except ValueError:
        raise WrongInput("campaign_wrong_spans") from None


def _prefixes(text: str) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        begin, sign, number = line.rpartition("=")
        begin = "".join(begin.split())
        if (begin in numbers) or (not sign and numbers.get("")) or len(numbers) >= MOST_ROWS:
            raise WrongInput("campaign_wrong_prefixes")
        numbers[begin] = "".join(number.split())
    return numbers


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
