"""Reading a segment's query from its JSON, with a sentence for each mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from history.interaction import Channel
from history.profile_fields import WrongField, attribute_name_of, country_of, language_of, tag_of
from history.segments import (
    ATTRIBUTE,
    FIELDS,
    OPERATORS,
    All,
    AnyOf,
    Attribute,
    ConsentOf,
    Field,
    Interactions,
    Kind,
    Not,
    Operator,
    Query,
    Question,
    Subject,
    Value,
)

DEEPEST = 8
QUESTIONS_MOST = 100
VALUES_MOST = 1000
TEXT_MOST = 200
DAYS_MOST = 36_500
NUMBER_MOST = 2**53
COUNT_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Mistake:
    """`place` as "all[1].is"; `says` is one sentence with the remedy."""

    place: str
    says: str


class WrongQuery(ValueError):
    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("; ".join(f"{one.place}: {one.says}" if one.place else one.says for one in mistakes))
        self.mistakes = mistakes


def query_of(written: object) -> Query:
    """The query of its JSON. Raises WrongQuery with all mistakes."""
    return _Reader().query(written, "", 1)


class _Reader:
    def __init__(self) -> None:
        self._questions = 0

    def query(self, written: object, place: str, depth: int) -> Query:
        if not isinstance(written, Mapping):
            raise _wrong(place, 'Write an object, as {"field": "country", "is": "PL"}.')
        if depth > DEEPEST:
            raise _wrong(place, f"Queries lie at most {DEEPEST} deep in each other; write a flatter one.")
        joints = [name for name in ("all", "any", "not") if name in written]
        if not joints:
            self._questions += 1
            if self._questions == QUESTIONS_MOST + 1:
                raise _wrong(place, f"A query asks at most {QUESTIONS_MOST} questions.")
            return _question(written, place)
        if len(written) != 1:
            raise _wrong(place, f"Beside {joints[0]} nothing else can stand; put it into the list.")
        (joint,) = joints
        inner = _below(place, joint)
        if joint == "not":
            return Not(self.query(written["not"], inner, depth + 1))
        parts = self._parts(written[joint], inner, depth)
        return All(parts) if joint == "all" else AnyOf(parts)

    def _parts(self, listed: object, place: str, depth: int) -> tuple[Query, ...]:
        if not isinstance(listed, list) or not 1 <= len(listed) <= QUESTIONS_MOST:
            raise _wrong(place, f"Write a list of 1 to {QUESTIONS_MOST} queries.")
        parts: list[Query] = []
        mistakes: list[Mistake] = []
        for number, one in enumerate(listed):
            try:
                parts.append(self.query(one, f"{place}[{number}]", depth + 1))
            except WrongQuery as wrong:
                mistakes += wrong.mistakes
        if mistakes:
            raise WrongQuery(tuple(mistakes))
        return tuple(parts)


def _question(written: Mapping[str, object], place: str) -> Question:
    subjects = [name for name in ("field", "interactions", "consent") if name in written]
    if len(subjects) != 1:
        raise _wrong(place, "Write one of: all, any, not, field, interactions, consent.")
    name = subjects[0]
    subject, kind = _SUBJECTS[name](written[name], _below(place, name))
    operators = [one for one in written if one != name]
    known = [one.value for one in OPERATORS[kind]]
    for one in operators:
        if one not in known:
            raise _wrong(_below(place, one), f"This is compared by one of: {', '.join(known)}.")
    if len(operators) != 1:
        raise _wrong(place, f"Compare it by exactly one of: {', '.join(known)}.")
    operator = Operator(operators[0])
    return Question(subject, operator, _value(kind, operator, written[operator], _below(place, operator)))


def _field(written: object, place: str) -> tuple[Subject, Kind]:
    if isinstance(written, str) and written.startswith(ATTRIBUTE):
        return Attribute(_normal(attribute_name_of, written.removeprefix(ATTRIBUTE), place)), Kind.ATTRIBUTE
    if not isinstance(written, str) or written not in FIELDS:
        raise _wrong(place, f"Write one of: {', '.join(FIELDS)}, {ATTRIBUTE}NAME.")
    return Field(written), FIELDS[written]


def _interactions(written: object, place: str) -> tuple[Subject, Kind]:
    members = _members(written, place, ("channel", "direction", "outcome", "within_days"))
    texts = {
        name: _text(members[name], _below(place, name))
        for name in ("channel", "direction", "outcome")
        if name in members
    }
    channels = [one.value for one in Channel]
    if texts.get("channel", channels[0]) not in channels:
        raise _wrong(_below(place, "channel"), f"Write one of: {', '.join(channels)}.")
    days = None
    if "within_days" in members:
        days = _whole(members["within_days"], _below(place, "within_days"), 1, DAYS_MOST)
    return Interactions(**texts, within_days=days), Kind.COUNT


def _consent(written: object, place: str) -> tuple[Subject, Kind]:
    names = ("channel", "purpose")
    members = _members(written, place, names)
    channel, purpose = (_text(members.get(name), _below(place, name)) for name in names)
    return ConsentOf(channel, purpose), Kind.FLAG


_SUBJECTS = {"field": _field, "interactions": _interactions, "consent": _consent}


def _members(written: object, place: str, known: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(written, Mapping):
        raise _wrong(place, f"Write an object of: {', '.join(known)}.")
    for member in written:
        if member not in known:
            raise _wrong(_below(place, member), f"Only these can stand here: {', '.join(known)}.")
    return written


def _value(kind: Kind, operator: Operator, written: object, place: str) -> Value | tuple[Value, ...]:
    if operator is Operator.EXISTS or kind is Kind.FLAG:
        if not isinstance(written, bool):
            raise _wrong(place, "Write true or false.")
        return written
    if operator is not Operator.IN:
        return _one(kind, operator, written, place)
    if not isinstance(written, list) or not 1 <= len(written) <= VALUES_MOST:
        raise _wrong(place, f"Write a list of 1 to {VALUES_MOST} values.")
    return tuple(_one(kind, operator, one, f"{place}[{at}]") for at, one in enumerate(written))


def _one(kind: Kind, operator: Operator, written: object, place: str) -> Value:
    match kind:
        case Kind.AMOUNT:
            return _whole(written, place, -NUMBER_MOST, NUMBER_MOST)
        case Kind.COUNT:
            return _whole(written, place, 0, COUNT_MOST)
        case Kind.DAYS:
            return _whole(written, place, 0, DAYS_MOST)
        case Kind.TIME:
            return _time(written, place)
        case Kind.ATTRIBUTE:
            return _of_attribute(operator, written, place)
        case Kind.LANGUAGE:
            return _normal(language_of, _text(written, place), place)
        case Kind.COUNTRY:
            return _normal(country_of, _text(written, place), place)
        case Kind.TAG:
            return _normal(tag_of, _text(written, place), place)
        case _:
            return _text(written, place)


def _of_attribute(operator: Operator, written: object, place: str) -> Value:
    match operator:
        case Operator.BEFORE | Operator.AFTER:
            day = _date(written)
            if day is None:
                raise _wrong(place, "Write a date as 2026-11-21.")
            return day.isoformat()
        case Operator.AT_LEAST | Operator.AT_MOST:
            if not _is_number(written):
                raise _wrong(place, f"Write a number, {-NUMBER_MOST} to {NUMBER_MOST}.")
        case Operator.CONTAINS:
            return _text(written, place)
    if isinstance(written, bool | str):
        return written if isinstance(written, bool) else _text(written, place)
    if isinstance(written, int | float) and _is_number(written):
        return written
    raise _wrong(place, f"Write a text, true, false or a number, {-NUMBER_MOST} to {NUMBER_MOST}.")


def _is_number(written: object) -> bool:
    """Not `nan`, which is within no limits."""
    return (
        isinstance(written, int | float)
        and not isinstance(written, bool)
        and -NUMBER_MOST <= written <= NUMBER_MOST
    )


def _whole(written: object, place: str, least: int, most: int) -> int:
    if not isinstance(written, int) or isinstance(written, bool) or not least <= written <= most:
        raise _wrong(place, f"Write a whole number, {least} to {most}.")
    return written


def _time(written: object, place: str) -> datetime:
    day = _date(written)
    if day is not None:
        return datetime.combine(day, time(), UTC)
    try:
        at = datetime.fromisoformat(written) if isinstance(written, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _wrong(place, "Write a date as 2026-11-21, or a time as 2026-11-21T16:05:00Z.")


def _date(written: object) -> date | None:
    if not isinstance(written, str) or len(written) != len("2026-11-21"):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _text(written: object, place: str) -> str:
    if not isinstance(written, str) or not 1 <= len(written) <= TEXT_MOST or not _storable(written):
        raise _wrong(place, f"Write a text of 1 to {TEXT_MOST} letters.")
    return written


def _storable(text: str) -> bool:
    """A database takes it: no NUL, no half of a pair."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _normal(normal: Callable[[str], str], written: str, place: str) -> str:
    try:
        return normal(written)
    except WrongField as wrong:
        raise _wrong(place, str(wrong)) from None


def _below(place: str, member: object) -> str:
    return f"{place}.{member}" if place else str(member)


def _wrong(place: str, says: str) -> WrongQuery:
    return WrongQuery((Mistake(place, says),))
