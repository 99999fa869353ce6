"""Which column of a file is which field: told by whoever imports it, or guessed from its header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from history.folding import folded
from history.importing.headers import ATTRIBUTES, FIELDS
from history.importing.options import ImportOptions, OtherColumns
from history.profile_fields import ATTRIBUTE_NAME_MOST, WrongField, attribute_name_of

MOST_COLUMNS = 500


class Field(StrEnum):
    PHONE = "phone"
    PHONE_CODE = "phone_code"  # the country's calling code, apart from its number
    EMAIL = "email"
    MESSENGER = "messenger"
    NAME = "name"
    GIVEN_NAME = "given_name"
    MIDDLE_NAME = "middle_name"
    FAMILY_NAME = "family_name"
    LANGUAGE = "language"
    COUNTRY = "country"
    REGION = "region"
    POSTCODE = "postcode"
    TIME_ZONE = "time_zone"
    TAGS = "tags"
    EXTERNAL_ID = "external_id"
    VALUE = "value"
    CURRENCY = "currency"
    ATTRIBUTE = "attr"
    CONSENT = "consent"
    IGNORE = "ignore"


# Of the others, the first column that says something counts, so a second one is not guessed.
_SEVERAL = frozenset(
    {Field.PHONE, Field.EMAIL, Field.MESSENGER, Field.TAGS, Field.ATTRIBUTE, Field.CONSENT, Field.IGNORE}
)
_FINDS_A_PERSON = frozenset({Field.PHONE, Field.EMAIL, Field.MESSENGER, Field.EXTERNAL_ID})
_CONSENT_CHANNELS = frozenset({"call", "sms", "email", "push", "messenger"})
_LOOKS_LIKE_PHONE = re.compile(r"['+(]?[\d\s()./+-]{6,24}")
_LOOKS_LIKE_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LATER_OF_SEVERAL = re.compile(r"\d+(?:value|wartosc)?$")


class ColumnsRefused(ValueError):
    """The columns cannot be used; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Column:
    """`index` from 0. `name` is an attribute's name, or a consent's "channel.purpose"."""

    index: int
    field: Field
    name: str = ""
    header: str = ""

    @property
    def label(self) -> str:
        return f"{self.field.value}.{self.name}" if self.name else self.field.value


@dataclass(frozen=True, slots=True)
class Columns:
    """`count` of columns that rows have; `has_header`: the first line is no person; `unused` headers."""

    columns: tuple[Column, ...]
    count: int
    has_header: bool
    unused: tuple[str, ...] = ()


def columns_of(sample: Sequence[Sequence[str]], options: ImportOptions) -> Columns:
    """The columns of a file whose first rows these are. Raises ColumnsRefused."""
    if not sample:
        raise ColumnsRefused("The file has no rows: give one with a header line and a row for each person.")
    first = [_bare(cell) for cell in sample[0]]
    if len(first) > MOST_COLUMNS:
        raise ColumnsRefused(
            f"The file has {len(first)} columns, {MOST_COLUMNS} at most are read: check its separator."
        )
    has_header = options.header if options.header is not None else not any(map(_is_a_point, first))
    headers = first if has_header else [""] * max(len(row) for row in sample)
    told = [_told(field, header, headers, has_header) for field, header in options.columns]
    taken = {column.index for column in told}
    used: set[Field] = {column.field for column in told if column.field is not Field.IGNORE}
    # What is told of one kind of point is all of it; a guess could only add what was left out on purpose.
    guessed = (
        _guessed_from_headers(headers, taken, used, options.other_columns)
        if has_header
        else _guessed_from_cells(sample, taken, used)
    )
    columns = sorted([*told, *guessed], key=lambda column: column.index)
    if options.source is None:
        # Two systems' ids may be alike, and would make one person of two.
        if Field.EXTERNAL_ID in {column.field for column in told}:
            raise ColumnsRefused("Ids need the name of the system that gave them: tell the list's source.")
        columns = [column for column in columns if column.field is not Field.EXTERNAL_ID]
    if not any(column.field in _FINDS_A_PERSON for column in columns):
        seen = ", ".join(header[:40] for header in headers if header)
        raise ColumnsRefused(
            "No column is known to have numbers, e-mail addresses or ids: name it, as phone=HEADER; "
            + (f"the headers are {seen[:200]}." if seen else "phone=1 is the first column.")
        )
    known = {column.index for column in columns}
    unused = tuple(header for index, header in enumerate(headers) if index not in known and header)
    kept = tuple(column for column in columns if column.field is not Field.IGNORE)
    return Columns(kept, len(headers), has_header, unused)


def check_columns(options: ImportOptions) -> None:
    """Raises ColumnsRefused for fields that do not exist, before any file is there."""
    for field, _ in options.columns:
        _field_told(field)


def _told(field: str, header: str, headers: Sequence[str], has_header: bool) -> Column:
    known, name = _field_told(field)
    wanted = _key(header)
    places = [index for index, written in enumerate(headers) if written and _key(written) == wanted]
    if len(places) > 1:
        raise ColumnsRefused(
            f"The file has {len(places)} columns “{header}”: name the one that is {field} by its number, "
            f"as {field}={places[0] + 1}."
        )
    if places:
        return Column(places[0], known, name, headers[places[0]])
    if re.fullmatch(r"[0-9]{1,3}", header) and 1 <= int(header) <= len(headers):
        return Column(int(header) - 1, known, name, headers[int(header) - 1])
    has = ", ".join(written[:40] for written in headers if written)[:200]
    raise ColumnsRefused(
        f"There is no column “{header[:60]}” for {field}: "
        + (f"the file has {has}." if has_header and has else "the file has no header, so give its number.")
    )


def _field_told(written: str) -> tuple[Field, str]:
    text = written.strip()
    kind, dot, name = text.partition(".")
    if kind == Field.ATTRIBUTE and dot:
        try:
            return Field.ATTRIBUTE, attribute_name_of(name)
        except WrongField as wrong:
            raise ColumnsRefused(f"“{text[:60]}” cannot be an attribute: {wrong}") from None
    if kind == Field.CONSENT and dot:
        channel, _, purpose = name.partition(".")
        if channel in _CONSENT_CHANNELS and re.fullmatch(r"[a-z][a-z_-]{0,39}", purpose):
            return Field.CONSENT, name
        raise ColumnsRefused(f"“{text[:60]}” is no consent: write it as consent.sms.marketing.")
    if text in set(Field) - {Field.ATTRIBUTE, Field.CONSENT}:
        return Field(text), ""
    known = ", ".join(field for field in Field if field not in (Field.ATTRIBUTE, Field.CONSENT))
    raise ColumnsRefused(
        f"There is no field “{text[:60]}”: take one of {known}, attr.NAME or consent.CHANNEL.PURPOSE."
    )


def _guessed_from_headers(
    headers: Sequence[str], taken: set[int], used: set[Field], others: OtherColumns
) -> list[Column]:
    guessed: list[Column] = []
    attributes: set[str] = set()
    for index, header in enumerate(headers):
        if index in taken or not header:
            continue
        field, name = _meant(header)
        if field is None and others is OtherColumns.ATTRIBUTES:
            field, name = Field.ATTRIBUTE, _attribute_named_by(header)
        if field is None or (field in used and field not in (Field.ATTRIBUTE, Field.CONSENT, Field.TAGS)):
            continue
        if field is Field.ATTRIBUTE and (not name or name in attributes):
            continue
        attributes.add(name)
        guessed.append(Column(index, field, name, header))
        if field not in _SEVERAL:
            used.add(field)
    return guessed


def _meant(header: str) -> tuple[Field | None, str]:
    """The field that a header means, and an attribute's name."""
    text = header.strip()
    if text.startswith(("attr.", "consent.")):
        try:
            return _field_told(text)
        except ColumnsRefused:
            return None, ""
    key = _key(text)
    for wanted in (key, _LATER_OF_SEVERAL.sub("", key)):
        if wanted in FIELDS:
            return Field(FIELDS[wanted]), ""
        if wanted in ATTRIBUTES:
            return Field.ATTRIBUTE, ATTRIBUTES[wanted]
    return None, ""


def _guessed_from_cells(sample: Sequence[Sequence[str]], taken: set[int], used: set[Field]) -> list[Column]:
    """Of a file without header: columns in which more than half of the cells look like points."""
    guessed: list[Column] = []
    for index in range(max(len(row) for row in sample)):
        cells = [_bare(row[index]) for row in sample if index < len(row) and row[index].strip()]
        for field, pattern in ((Field.EMAIL, _LOOKS_LIKE_EMAIL), (Field.PHONE, _LOOKS_LIKE_PHONE)):
            looking = sum(pattern.fullmatch(cell) is not None for cell in cells)
            if index not in taken and field not in used and looking * 2 > len(cells):
                guessed.append(Column(index, field))
                break
    return guessed


def _attribute_named_by(header: str) -> str:
    """An attribute's name made of a header, "" when nothing of it can be one."""
    words = re.findall(r"\w+", folded(header))
    name = "_".join(words)[:ATTRIBUTE_NAME_MOST].strip("_")
    return f"c_{name}"[:ATTRIBUTE_NAME_MOST] if name[:1].isdigit() else name


def _is_a_point(cell: str) -> bool:
    return bool(_LOOKS_LIKE_EMAIL.fullmatch(cell)) or (
        bool(_LOOKS_LIKE_PHONE.fullmatch(cell)) and sum(sign.isdigit() for sign in cell) >= 6
    )


def _bare(cell: str) -> str:
    return cell.strip().lstrip("\ufeff'").strip()


def _key(header: str) -> str:
    """A header without case, marks, blanks and signs: "Nr. telefonu" and "nr_telefonu" are one."""
    return "".join(sign for sign in folded(header) if sign.isalnum())
