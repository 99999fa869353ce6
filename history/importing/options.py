"""How a file of contacts is to be read, and what becomes of people who are known already."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Duplicates(StrEnum):
    """A later row of the file that names a person of an earlier one."""

    KEEP = "keep"  # the first row counts, later ones are refused
    MERGE = "merge"  # a later row fills what the earlier left empty, and adds its points and tags
    UPDATE = "update"  # a later row overwrites what the earlier said


class Existing(StrEnum):
    """A row that names a person who was there before the import."""

    FILL = "fill"  # what is empty is filled; points and tags are added
    OVERWRITE = "overwrite"  # the file knows better
    SKIP = "skip"  # they stay as they are


class OtherColumns(StrEnum):
    """Columns that are not recognised."""

    IGNORE = "ignore"
    ATTRIBUTES = "attributes"  # each becomes an attribute named by its header


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`country`: two letters; national numbers are of it, unless the row names another.

    `columns`: (field, header) pairs, such as ("phone", "Telefon"); a header may be its number, from "1".
    `header`: whether the first line names the columns, None to find out. `sheet`: of a workbook, by name.
    `encoding` and `separator`: None to find out. `source`: the system the list comes from; its ids of people
    are kept with it. `campaign`: everybody with a telephone number is put on its list as well.
    """

    country: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    source: str | None = None
    duplicates: Duplicates = Duplicates.KEEP
    existing: Existing = Existing.FILL
    other_columns: OtherColumns = OtherColumns.IGNORE
    header: bool | None = None
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    campaign: str | None = None
