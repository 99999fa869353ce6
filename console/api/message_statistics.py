"""/messages/statistics: what became of messages, by what they have in common; as a file too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from aiohttp import web

from console.api.access import Role, Scope
from console.api.message_statistics_shapes import (
    LONGEST_BY_HOURS,
    LONGEST_TIME,
    MessageStatisticsList,
    MessageStatisticsShape,
    StatisticsQuery,
    narrowed,
    statistics_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem
from console.number_ranges import NumberRange, ranges_of
from engine.registers.message_statistics import GroupedBy
from history.importing.cells import no_formula

_PERIODS = (GroupedBy.DAY, GroupedBy.HOUR)
_MOST_PERIODS = 1000
_NUMBERS = (
    "messages", "waiting", "sent", "accepted", "delivered", "read", "checked", "opened", "failed", "expired",
    "refused", "stopped", "in_doubt", "replied", "opted_out", "p50_seconds", "p95_seconds",
)  # fmt: skip


class MessageStatisticsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        path = "/messages/statistics"
        summary = "What became of messages, by template, mailing, provider, prefix or day"
        return (
            Operation(
                "GET", path, "message_statistics", self._counted, summary,
                tag="messages", scope=Scope.MESSAGES_READ, role=Role.SUPERVISOR,
                query=StatisticsQuery, answer=MessageStatisticsList,
            ),
            Operation(
                "GET", f"{path}.csv", "message_statistics_csv", self._file,
                "What became of messages, as a table",
                tag="messages", scope=Scope.MESSAGES_READ, role=Role.SUPERVISOR,
                query=StatisticsQuery, answer_types=("text/csv",),
            ),
        )  # fmt: skip

    async def _counted(self, asked: Asked) -> Answer:
        return Answer(MessageStatisticsList(items=await self._read(asked.query)))

    async def _file(self, asked: Asked) -> web.StreamResponse:
        query: StatisticsQuery = asked.query
        items = await self._read(query)
        headers = {"Content-Disposition": f'attachment; filename="messages-by-{query.by}.csv"'}
        text = io.StringIO()
        # Spreadsheets know UTF-8 by its mark.
        text.write("\ufeff")
        csv.writer(text).writerows([no_formula(cell) for cell in row] for row in _rows(query.by, items))
        return web.Response(
            body=text.getvalue().encode(), content_type="text/csv", charset="utf-8", headers=headers
        )

    async def _read(self, query: StatisticsQuery) -> list[MessageStatisticsShape]:
        longest = LONGEST_BY_HOURS if query.by is GroupedBy.HOUR else LONGEST_TIME
        if not query.since < query.until <= query.since + longest:
            wrong = FieldError("query.until", f"Write a time after since, at most {longest.days} days later.")
            raise Problem(400, "invalid", "The time cannot be counted.", errors=[wrong])
        found = await self._parts.message_statistics.statistics(
            query.by,
            since=query.since,
            until=query.until,
            only=narrowed(query),
            prefix_digits=query.prefix_digits,
            zone=self._parts.zone,
            limit=_MOST_PERIODS if query.by in _PERIODS else query.limit,
        )
        ranges = await ranges_of(one.key for one in found) if query.by is GroupedBy.PREFIX else {}
        return [statistics_shape(one, ranges.get(one.key, NumberRange())) for one in found]


def _rows(by: GroupedBy, items: Sequence[MessageStatisticsShape]) -> Iterator[list[str]]:
    """A heading and a row for each. Times in seconds with a point; costs in minor units."""
    of_numbers = by is GroupedBy.PREFIX
    currencies = sorted({currency for one in items for currency in one.cost})
    heading = [by.value, *(("country", "operators") if of_numbers else ()), *_NUMBERS]
    if items:
        heading += [_took_name(took.less_than_seconds) for took in items[0].took]
    yield [*heading, *(f"cost_{currency}" for currency in currencies), "reasons"]
    for one in items:
        row = [one.key, *((one.country or "", ", ".join(one.operators)) if of_numbers else ())]
        row += [_cell(getattr(one, name)) for name in _NUMBERS]
        row += [str(took.messages) for took in one.took]
        row += [_cell(one.cost.get(currency)) for currency in currencies]
        yield [*row, "; ".join(f"{why.state} {why.code}: {why.messages}" for why in one.reasons)]


def _took_name(less_than: int | None) -> str:
    return "took_longer" if less_than is None else f"took_less_than_{less_than}s"


def _cell(value: float | None) -> str:
    return "" if value is None else str(value)
