"""Which messages the statistics page counts, by what, and how its table is sorted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from urllib.parse import urlencode

from compliance.facts import Channel
from console.faults import Fault
from console.query_values import choice_of, day_of, midnight
from engine.registers.message_statistics import GroupedBy, Narrowed

LONGEST_TEXT = 100
LONGEST_DAYS = 366
LONGEST_DAYS_BY_HOURS = 7
DAYS_AT_FIRST = 7
PREFIX_DIGITS = 5
# What the table may be of; `all` is the page itself.
DIMENSIONS = tuple(one for one in GroupedBy if one is not GroupedBy.ALL)
TEXTS = ("template", "mailing", "campaign", "provider", "prefix")
# The columns that sort it; the first is the key itself.
COLUMNS = (
    "key", "messages", "sent", "delivered", "opened", "replied", "opted_out", "failed", "expired",
    "in_doubt", "p50_seconds", "p95_seconds",
)  # fmt: skip
_PREFIX = re.compile(r"\+[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class FiguresAsked:
    """As the address has it; "" and None: all. `last_day` is included. `sort` "": as it comes."""

    by: GroupedBy
    first_day: date
    last_day: date
    texts: Mapping[str, str]
    channel: Channel | None = None
    sort: str = ""
    upwards: bool = False

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    @property
    def narrowed(self) -> bool:
        return any((*self.texts.values(), self.channel))

    def only(self) -> Narrowed:
        return Narrowed(**{name: text or None for name, text in self.texts.items()}, channel=self.channel)

    def times(self, zone: tzinfo) -> tuple[datetime, datetime]:
        return midnight(self.first_day, zone), midnight(self.last_day + timedelta(days=1), zone)

    def query(self, **more: str) -> str:
        """The address's query for the same, with something else in it."""
        told = {
            "by": self.by.value,
            "from": self.first_day.isoformat(),
            "to": self.last_day.isoformat(),
            **self.texts,
            "channel": self.channel or "",
            "sort": self.sort,
            "order": "up" if self.upwards else "",
            **more,
        }
        return urlencode({name: value for name, value in told.items() if value})

    def sorting(self, column: str) -> str:
        """The query that sorts by a column: the largest first, and turned round when it is so already."""
        upwards = not self.upwards if column == self.sort else column == "key"
        return self.query(sort=column, order="up" if upwards else "")

    def file(self, zone: tzinfo) -> str:
        """The API's query for the same as a table."""
        since, until = self.times(zone)
        told = {
            "by": self.by.value,
            "since": since.isoformat(),
            "until": until.isoformat(),
            **self.texts,
            "channel": self.channel or "",
            "prefix_digits": str(PREFIX_DIGITS),
            "limit": "1000",
        }
        return urlencode({name: value for name, value in told.items() if value})

    def messages(self, key: str) -> str:
        """The list's query for the messages of one row."""
        told = {
            "view": "all",
            "from": self.first_day.isoformat(),
            "to": self.last_day.isoformat(),
            **self.texts,
            "channel": self.channel or "",
        }
        if self.by in (GroupedBy.DAY, GroupedBy.HOUR):
            told |= {"from": key[:10], "to": key[:10]}
        else:
            told[self.by.value] = key
        return urlencode({name: value for name, value in told.items() if value})


def figures_asked(query: Mapping[str, str], today: date) -> FiguresAsked:
    """Raises Fault 400."""
    by = choice_of(query, "by", GroupedBy) or GroupedBy.TEMPLATE
    if by is GroupedBy.ALL:
        raise Fault(400, f"`by` is one of {', '.join(DIMENSIONS)}.")
    last = day_of(query, "to") or max(today, day_of(query, "from") or today)
    first = day_of(query, "from") or last - timedelta(days=DAYS_AT_FIRST - 1)
    most = LONGEST_DAYS_BY_HOURS if by is GroupedBy.HOUR else LONGEST_DAYS
    if not 1 <= (last - first).days + 1 <= most:
        told = "by hours " if by is GroupedBy.HOUR else ""
        raise Fault(400, f"`to` is not before `from`, and {told}at most {most} days are counted.")
    texts = {name: " ".join(query.get(name, "").split()) for name in TEXTS}
    for name, text in texts.items():
        if len(text) > LONGEST_TEXT or not text.isprintable():
            raise Fault(400, f"`{name}` has at most {LONGEST_TEXT} letters that can be seen. Shorten it.")
    if texts["prefix"] and not _PREFIX.fullmatch(texts["prefix"]):
        raise Fault(400, "`prefix` is how numbers begin, such as +48600.")
    sort, order = query.get("sort", ""), query.get("order", "")
    if sort not in ("", *COLUMNS) or order not in ("", "up"):
        raise Fault(400, f"`sort` is one of {', '.join(COLUMNS)}; `order` is up, or left out.")
    channel = choice_of(query, "channel", Channel)
    return FiguresAsked(by, first, last, texts, channel, sort, order == "up")
