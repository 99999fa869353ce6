"""When somebody is to be called back: the time that they chose, or ours, within the hours of the company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from schedules.opening_hours import OPEN, OpeningHours

FURTHEST = timedelta(days=90)
_OVER = "The window is over already: choose a later one."


class WrongWindow(ValueError):
    """The message is one sentence with the remedy; `field` is "from" or "to".

    `code` and `data` tell it to whom another language is shown.
    """

    def __init__(self, message: str, field: str, code: str, **data: object) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.data = data


@dataclass(frozen=True, slots=True)
class Window:
    """Aware UTC; None: as soon as it may be, and however late."""

    begins: datetime | None
    ends: datetime | None
    person_chose: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """What the company promises of itself: by when it calls back, counted from its next opening."""

    within: timedelta = timedelta(hours=4)
    hours: OpeningHours | None = None


def moment_of(written: str, zone: tzinfo, field: str) -> datetime:
    """A time as people write it, `2026-11-24T10:00` in `zone` or with its own offset, in UTC.

    A time that the clocks skip counts from where they go on; of one that comes twice a window begins with the
    first and ends with the second. Raises WrongWindow.
    """
    try:
        at = datetime.fromisoformat(written.strip())
        if len(written.strip()) < len("2026-11-24T10:00"):
            raise ValueError
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone, fold=int(field == "to"))
            if _skipped(at):  # the offset of before puts it behind the gap, whichever end it is
                at = at.replace(fold=0)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        told = f'"{written[:40]}" is no time: write it as 2026-11-24T10:00.'
        raise WrongWindow(told, field, "window_no_time", written=written[:40]) from None


def _skipped(at: datetime) -> bool:
    there_and_back = at.astimezone(UTC).astimezone(at.tzinfo)
    return there_and_back.replace(tzinfo=None) != at.replace(tzinfo=None)


def chosen_window(
    begins: datetime | None,
    ends: datetime | None,
    now: datetime,
    *,
    within: timedelta,
    hours: OpeningHours | None = None,
) -> Window:
    """The window that the person chose; without an end it lasts `within`. Raises WrongWindow."""
    if begins is not None and begins > now + FURTHEST:
        told = f"The window begins in more than {FURTHEST.days} days: choose an earlier one."
        raise WrongWindow(told, "from", "window_far", days=FURTHEST.days)
    if ends is None:
        assert begins is not None
        if begins <= now - within:
            raise WrongWindow(_OVER, "from", "window_over")
        ends = begins + within
    if begins is not None and begins >= ends:
        raise WrongWindow(
            "The window ends before it begins: choose a later end.", "to", "window_turned_round"
        )
    if ends <= now:
        raise WrongWindow(_OVER, "to", "window_over")
    if ends > now + 2 * FURTHEST:
        told = f"The window ends in more than {2 * FURTHEST.days} days: choose an earlier end."
        raise WrongWindow(told, "to", "window_long", days=2 * FURTHEST.days)
    if hours is not None:
        first = max(begins or now, now)
        opens = first if hours.at(first) == OPEN else hours.next_opening(first)
        if opens is None or opens >= ends:
            if opens is None:
                raise WrongWindow(
                    "We are closed all that time. Choose another window.", "from", "window_closed"
                )
            at = f"{opens.astimezone(hours.zone):%Y-%m-%d %H:%M}"
            told = f"We are closed all that time. We open again at {at}. Choose another window."
            raise WrongWindow(told, "from", "window_closed_until", at=at)
    return Window(begins, ends, True)


def own_window(now: datetime, within: timedelta | None, hours: OpeningHours | None = None) -> Window:
    """As soon as it may be, and within that time; counted from the next opening while it is closed."""
    if within is None:
        return Window(None, None, False)
    if hours is None or hours.at(now) == OPEN:
        return Window(None, now + within, False)
    opens = hours.next_opening(now)
    return Window(opens, (opens or now) + within, False)
