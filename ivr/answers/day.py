"""A date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainValidator, model_validator

from ivr.answers.kind import Answer, AnswerKind, Progress, Situation, without_limits
from ivr.sentences import read_back, too_far
from ivr.talk import Filled
from wording.dates import date_vocabulary, understood_date

if TYPE_CHECKING:
    from ivr.talk import Wording

_SPAN = re.compile(r"([+-]?)(\d{1,4})([dwy])")
_DAYS_OF = {"d": 1, "w": 7}
# Keys: day and month, and the year if it is said.
_DAY_KEYS, _YEAR_KEYS = 4, 8
_LEAP_YEARS_APART = 8


@dataclass(frozen=True, slots=True)
class Bound:
    """A day, or so many days and years from today."""

    day: date | None = None
    days: int = 0
    years: int = 0

    def on(self, today: date) -> date:
        """The day that is meant on `today`; the calendar's ends when it is beyond them."""
        if self.day is not None:
            return self.day
        try:
            return _of_year(today, today.year + self.years) + timedelta(days=self.days)
        except (OverflowError, ValueError):
            return date.max if self.days + self.years > 0 else date.min


def _bound(value: Any) -> Bound:
    if isinstance(value, str):
        if value == "today":
            return Bound()
        if match := _SPAN.fullmatch(value):
            count = int(match[2]) * (-1 if match[1] == "-" else 1)
            return (
                Bound(years=count) if match[3] == "y" else Bound(days=count * (7 if match[3] == "w" else 1))
            )
        try:
            return Bound(date.fromisoformat(value))
        except ValueError:
            pass
    raise ValueError('a day is wanted here: today, 30d, -2w, -18y, or a date such as "2026-12-24"')


Limit = Annotated[Bound, PlainValidator(_bound, json_schema_input_type=str)]
"""`today`, `30d` from now, `-18y` ago, or an ISO date."""


class Day(AnswerKind):
    """`date: {least: today, most: 30d}`, or `date: true`. By keys DDMM or DDMMYYYY.

    A day without a year is the next such day; the last one when all that may be given is past.
    """

    least: Limit | None = None
    most: Limit | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return without_limits(value)

    @model_validator(mode="after")
    def _in_order(self) -> Day:
        least, most = self.least, self.most
        if least is not None and most is not None and (least.day is None) == (most.day is None):
            some_day = date(2000, 1, 1)
            if least.on(some_day) > most.on(some_day):
                raise ValueError("least is after most")
        return self

    def phrases(self, language: str) -> tuple[str, ...]:
        return date_vocabulary(language)

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        today = situation.today
        day = understood_date(text, language, today)
        if day is None:
            return None
        if self._past(today) and day > today:
            day = self._without_year(text, language, day, today) or day
        return Answer(day.isoformat())

    def progress(self, keyed: str, situation: Situation) -> Progress:
        if len(keyed) == _DAY_KEYS:
            return Progress.ENOUGH if self.keyed(keyed, situation) else Progress.WRONG
        if len(keyed) >= _YEAR_KEYS:
            return Progress.COMPLETE if self.keyed(keyed, situation) else Progress.WRONG
        return Progress.PARTIAL

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        day, month, year = keyed[:2], keyed[2:4], keyed[4:]
        if len(keyed) not in (_DAY_KEYS, _YEAR_KEYS):
            return None
        if year:
            found = _day(int(year), int(month), int(day))
        else:
            found = self._nearest(int(month), int(day), situation.today)
        return None if found is None else Answer(found.isoformat())

    def refusal(self, value: str, situation: Situation) -> Filled | None:
        least, most = self._limits(situation.today)
        day = date.fromisoformat(value)
        if (least is None or least <= day) and (most is None or day <= most):
            return None
        same_year = all(limit is None or limit.year == situation.today.year for limit in (least, most))
        wording = too_far(
            "moment", "date" if same_year else "date(year)", least=least is not None, most=most is not None
        )
        limits = {"least": least, "most": most}
        return Filled(wording, {name: limit.isoformat() for name, limit in limits.items() if limit})

    def read_back(self, value: str, situation: Situation) -> Wording:
        same_year = date.fromisoformat(value).year == situation.today.year
        return read_back("date" if same_year else "date(year)")

    def _limits(self, today: date) -> tuple[date | None, date | None]:
        return (
            None if self.least is None else self.least.on(today),
            None if self.most is None else self.most.on(today),
        )

    def _past(self, today: date) -> bool:
        most = self._limits(today)[1]
        return most is not None and most <= today

    def _nearest(self, month: int, day: int, today: date) -> date | None:
        """The next such day, or the last one."""
        past = self._past(today)
        for years in range(_LEAP_YEARS_APART + 1):
            found = _day(today.year + (-years if past else years), month, day)
            if found is not None and (found <= today if past else found >= today):
                return found
        return None

    def _without_year(self, text: str, language: str, day: date, today: date) -> date | None:
        """The last such day when only a day and a month were said, not a year and not "tomorrow"."""
        told_anew = understood_date(text, language, today + timedelta(days=1))
        a_year_ago = understood_date(text, language, _of_year(today, today.year - 1))
        if told_anew != day or a_year_ago is None or a_year_ago == day:
            return None
        return self._nearest(day.month, day.day, today)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _of_year(day: date, year: int) -> date:
    """The same day of another year; 28 February for the 29th where there is none."""
    return _day(year, day.month, day.day) or date(year, day.month, day.day - 1)
