"""`hours:` of the configuration: when the company is open, under a name for each set of hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, tzinfo
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from ivr.reading.shape import guess
from schedules.opening_hours import DayException, OpeningHours
from schedules.public_holidays import parse_region
from schedules.spans import WEEKDAYS, parse_spans, parse_weekdays


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        raise ValueError(
            f"{value!r} is no time zone of this machine; write one such as Europe/Warsaw, "
            "and install the package tzdata if there are none"
        ) from None
    return value


TimeZoneName = Annotated[str, AfterValidator(_zone_name)]
"""A zone of the IANA database, such as Europe/Warsaw."""


def _spans(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('hours are wanted here, such as "8:00-16:00", 24h or closed')
    parse_spans(value)
    return value


def _days(value: str) -> str:
    try:
        parse_weekdays(value)
    except ValueError as refused:
        hint = guess(value, ("exceptions", "holidays", "time_zone", *WEEKDAYS))
        raise ValueError(
            f"{refused}; beside the days there are exceptions, holidays and time_zone{hint}"
        ) from None
    return value


def _is_days(key: str) -> bool:
    try:
        parse_weekdays(key)
    except ValueError:
        return False
    return True


def _date(value: str) -> str:
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError(f'{value!r} is no date; write "2026-12-24"')


def _region(value: str) -> str:
    parse_region(value)
    return value


Spans = Annotated[str, BeforeValidator(_spans)]
Days = Annotated[str, AfterValidator(_days)]
IsoDate = Annotated[str, AfterValidator(_date)]


class ExceptionSection(BaseModel):
    """Hours of one date: `"8:00-12:00"`, `closed`, `holiday`, or `{hours: …, name: …}` of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: str
    name: str = ""

    @model_validator(mode="before")
    @classmethod
    def _hours_alone(cls, value: Any) -> Any:
        return {"hours": value} if isinstance(value, str) else value

    @field_validator("hours")
    @classmethod
    def _known_hours(cls, value: str) -> str:
        if value.strip().lower() != "holiday":
            parse_spans(value)
        return value

    def day_exception(self) -> DayException:
        if self.hours.strip().lower() == "holiday":
            return DayException(holiday=True, name=self.name)
        return DayException(parse_spans(self.hours), name=self.name)


class HoursSection(BaseModel):
    """Days and their hours stand beside the settings: `{mon-fri: "8:00-16:00", holidays: PL}`.

    `weekly` holds them; it is no word of the file. A day that is not named is closed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weekly: Mapping[Days, Spans] = Field(default={}, exclude=True)
    exceptions: Mapping[IsoDate, ExceptionSection] = {}
    holidays: Annotated[str, AfterValidator(_region)] | None = None
    time_zone: TimeZoneName | None = None

    @model_validator(mode="before")
    @classmethod
    def _days_apart(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError('days and hours are wanted here, such as {mon-fri: "8:00-16:00"}')
        known = {key: inner for key, inner in value.items() if key in cls.model_fields and key != "weekly"}
        others = {key: inner for key, inner in value.items() if key not in known}
        # A key that is no day is told once, whatever stands behind it.
        return {**known, "weekly": {k: inner if _is_days(k) else "closed" for k, inner in others.items()}}

    @model_validator(mode="after")
    def _each_day_once(self) -> HoursSection:
        named: set[int] = set()
        for days in self.weekly:
            numbers = set(parse_weekdays(days))
            if both := named & numbers:
                raise ValueError(f"{WEEKDAYS[min(both)]} has hours twice: name each day once")
            named |= numbers
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {**self.weekly, **handler(self)}

    def opening_hours(self, zone: tzinfo) -> OpeningHours:
        """`zone`: the company's, for hours that name none."""
        return OpeningHours(
            zone=ZoneInfo(self.time_zone) if self.time_zone else zone,
            weekly={
                day: parse_spans(spans) for days, spans in self.weekly.items() for day in parse_weekdays(days)
            },
            exceptions={
                date.fromisoformat(day): section.day_exception() for day, section in self.exceptions.items()
            },
            holidays=parse_region(self.holidays) if self.holidays else None,
        )
