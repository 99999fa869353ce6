"""/imports: lists of contacts sent in, how far each has come, and what it refused."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from console.api.access import Role, Scope
from console.api.import_shapes import (
    ImportPage,
    ImportShape,
    NewImportQuery,
    RefusalPage,
    import_shape,
    refusal_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import PageQuery, after_of, next_of
from console.api.problem import FieldError, Problem, ProblemDoc
from console.api.reading import body_chunks
from console.sending import send
from engine.imports import ImportIntake, ListRefused
from engine.registers.imports import Imports
from engine.registers.refusals import Refused
from history.importing.cells import no_formula
from history.importing.options import ImportOptions
from history.profile_fields import WrongField, tag_of

LARGEST_LIST = 512 << 20
_TYPES = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-ndjson",
)
_REFUSALS_A_PAGE = 1_000
NO_LIST = ProblemDoc(422, "The list cannot be imported; `detail` says why, with the remedy.")
TWICE = ProblemDoc(409, "This list is being imported already; `detail` says as which.")


class ImportsApi:
    """`region`: whose national numbers are meant where a list does not say."""

    def __init__(self, imports: Imports, intake: ImportIntake, region: str) -> None:
        self._imports = imports
        self._intake = intake
        self._region = region

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "imports", "scope": Scope.IMPORTS_READ, "role": Role.MANAGER}
        write: dict[str, Any] = {"tag": "imports", "scope": Scope.IMPORTS_WRITE, "role": Role.MANAGER}
        one = "/imports/{import_id}"
        return (
            Operation(
                "POST",
                "/imports",
                "create_import",
                self._create,
                "Send a list of contacts",
                description=(
                    "A table as CSV or XLSX, or JSON objects one a line (phone, email, name, attributes …). "
                    "It is looked at now and imported in the background. No contact.created is told of its "
                    "people: one import.finished is."
                ),
                query=NewImportQuery,
                body_types=_TYPES,
                answer=ImportShape,
                status=201,
                problems=(NO_LIST, TWICE),
                **write,
            ),
            Operation(
                "GET", "/imports", "list_imports", self._list, "Imports, the latest first",
                query=PageQuery, answer=ImportPage, **read,
            ),
            Operation("GET", one, "get_import", self._get, "One import", answer=ImportShape, **read),
            Operation(
                "GET", f"{one}/refused", "list_import_refusals", self._refused,
                "What it did not take, in the order of lines",
                query=PageQuery, answer=RefusalPage, notes="import.seen", **read,
            ),
            Operation(
                "GET", f"{one}/refused.csv", "get_import_refusals_csv", self._refused_csv,
                "What it did not take, as a table",
                description="No cell of it runs as a formula.",
                answer_types=("text/csv",), notes="import.seen", **read,
            ),
            Operation(
                "POST", f"{one}/cancel", "cancel_import", self._cancel, "Stop an import",
                description="What it has imported stays.", answer=ImportShape, keyed=True, **write,
            ),
            Operation(
                "POST", f"{one}/resume", "resume_import", self._resume, "Go on with an import that failed",
                answer=ImportShape, keyed=True, **write,
            ),
        )  # fmt: skip

    async def _create(self, asked: Asked) -> Answer:
        options = self._options(asked.query)
        pieces = body_chunks(asked.request, LARGEST_LIST)
        try:
            begun = await self._intake.begin(asked.actor, asked.query.name, pieces, options)
        except ListRefused as refused:
            raise Problem(
                422, "refused", str(refused), errors=[FieldError("body", str(refused))]
            ) from refused
        except Refused as twice:
            raise Problem(409, "in-progress", str(twice)) from twice
        headers = {"Location": f"/api/v1/imports/{begun.id}"}
        return Answer(import_shape(begun), headers=headers)

    def _options(self, query: NewImportQuery) -> ImportOptions:
        """Raises Problem 400."""
        columns: list[tuple[str, str]] = []
        for place, column in enumerate(query.columns):
            field, sign, header = column.partition("=")
            if not sign:
                raise _wrong(f"query.columns[{place}]", "Write it as FIELD=HEADER, as phone=Telefon.")
            columns.append((field.strip(), header.strip()))
        try:
            tags = tuple(tag_of(tag) for tag in query.tags)
        except WrongField as wrong:
            raise _wrong("query.tags", str(wrong)) from None
        return ImportOptions(
            query.country or self._region,
            tuple(columns),
            tags,
            query.source,
            query.duplicates,
            query.existing,
            query.other_columns,
            query.header,
            query.encoding,
            "\t" if query.separator == "tab" else query.separator,
            query.sheet,
            query.campaign,
        )

    async def _list(self, asked: Asked) -> Answer:
        after = after_of(asked.query.cursor, "time", "id")
        page = await self._imports.list(limit=asked.query.limit, after=after)
        return Answer(ImportPage(items=tuple(map(import_shape, page.items)), next=next_of(page)))

    async def _get(self, asked: Asked) -> Answer:
        return Answer(import_shape(await self._imports.get(asked.path["import_id"])))

    async def _refused(self, asked: Asked) -> Answer:
        after = after_of(asked.query.cursor, "number", "number")
        page = await self._imports.refused(asked.path["import_id"], limit=asked.query.limit, after=after)
        return Answer(RefusalPage(items=tuple(map(refusal_shape, page.items)), next=next_of(page)))

    async def _refused_csv(self, asked: Asked) -> web.StreamResponse:
        import_id = asked.path["import_id"]
        await self._imports.get(import_id)
        disposition = f'attachment; filename="import-{import_id}-refused.csv"'
        answer = web.StreamResponse(
            headers={"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": disposition}
        )
        await answer.prepare(asked.request)
        async for piece in self._table(import_id):
            await send(answer, piece)
        await answer.write_eof()
        return answer

    async def _table(self, import_id: str) -> AsyncIterator[bytes]:
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(("line", "field", "value", "reason", "row_taken"))
        after: tuple[str, ...] | None = None
        while True:
            page = await self._imports.refused(import_id, limit=_REFUSALS_A_PAGE, after=after)
            for one in page.items:
                taken = "yes" if one.kept else "no"
                table.writerow((one.line, one.field, no_formula(one.value), one.reason, taken))
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
            if (after := page.after) is None:
                return

    async def _cancel(self, asked: Asked) -> Answer:
        return Answer(import_shape(await self._imports.cancel(asked.actor, asked.path["import_id"])))

    async def _resume(self, asked: Asked) -> Answer:
        found = await self._imports.resume(asked.actor, asked.path["import_id"])
        self._intake.look()
        return Answer(import_shape(found))


def _wrong(field: str, message: str) -> Problem:
    return Problem(400, "invalid", "The query is wrong.", errors=[FieldError(field, message)])
