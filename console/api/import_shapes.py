"""Imports as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from console.api.operation import Shape
from console.api.shapes import Time, WholeNumber
from engine.registers.imports import Import, ImportState
from history.importing.drafts import Refusal
from history.importing.options import Duplicates, Existing, OtherColumns

Text = Annotated[str, Field(min_length=1, max_length=100)]


class NewImportQuery(Shape):
    """How the list is to be read; what is left out is found out."""

    name: Annotated[str, Field(max_length=200, description="The file's name, to know it by.")] = ""
    country: Annotated[
        str | None,
        Field(pattern="^[A-Z]{2}$", description="Whose national numbers they are; else the hotline's."),
    ] = None
    columns: Annotated[
        tuple[Annotated[str, Field(min_length=3, max_length=200)], ...],
        Field(max_length=100, description="FIELD=HEADER, as phone=Telefon; a header may be its number."),
    ] = ()
    tags: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=60)], ...],
        Field(max_length=20, description="For everybody in the list."),
    ] = ()
    source: Annotated[
        str | None,
        Field(
            pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$",
            description="The system that the list comes from; its ids of people are kept with it.",
        ),
    ] = None
    duplicates: Annotated[
        Duplicates, Field(description="A later row that names a person of an earlier one.")
    ] = Duplicates.KEEP
    existing: Annotated[Existing, Field(description="A row that names a person who was there before.")] = (
        Existing.FILL
    )
    other_columns: OtherColumns = OtherColumns.IGNORE
    header: Annotated[bool | None, Field(description="Whether the first line names the columns.")] = None
    encoding: Text | None = None
    separator: Annotated[
        str | None, Field(pattern='^([^"\\r\\n]|tab)$', description="One character, or tab.")
    ] = None
    sheet: Annotated[Text | None, Field(description="Of a workbook; else the first that is shown.")] = None
    campaign: Annotated[
        Text | None, Field(description="A campaign's id: all with a telephone number go on its list.")
    ] = None


class ImportShape(Shape):
    """`position` counts the rows that are done; the counts are of those."""

    id: str
    name: str
    state: ImportState
    position: WholeNumber
    created: Annotated[WholeNumber, Field(description="New people.")]
    updated: Annotated[WholeNumber, Field(description="Rows that changed a person who was there.")]
    unchanged: Annotated[WholeNumber, Field(description="Rows that told nothing new.")]
    duplicates: Annotated[
        WholeNumber, Field(description="Rows refused for naming a person of an earlier row.")
    ]
    refused: Annotated[WholeNumber, Field(description="Rows refused for all else.")]
    left_out: Annotated[WholeNumber, Field(description="Cells left out of rows that were taken.")]
    notes: tuple[str, ...]
    error: str | None
    created_at: Time
    started_at: Time | None
    finished_at: Time | None


class ImportPage(Shape):
    items: tuple[ImportShape, ...]
    next: str | None


class RefusalShape(Shape):
    """`row_taken`: only this cell was left out."""

    line: WholeNumber
    field: str
    value: str
    reason: str
    row_taken: bool


class RefusalPage(Shape):
    items: tuple[RefusalShape, ...]
    next: str | None


def import_shape(found: Import) -> ImportShape:
    counts = found.counts
    return ImportShape(
        id=found.id,
        name=found.name,
        state=found.state,
        position=found.position,
        created=counts.created,
        updated=counts.updated,
        unchanged=counts.unchanged,
        duplicates=counts.duplicates,
        refused=counts.refused,
        left_out=counts.left_out,
        notes=found.notes,
        error=found.error,
        created_at=found.created_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
    )


def refusal_shape(refusal: Refusal) -> RefusalShape:
    return RefusalShape(
        line=refusal.line,
        field=refusal.field,
        value=refusal.value,
        reason=refusal.reason,
        row_taken=refusal.kept,
    )
