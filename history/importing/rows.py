"""A row of a file as a draft of a contact, with everything of it that could not be taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import orjson
import phonenumbers

from history.importing.cells import NOTHING, minor_units, plain_text, yes_or_no
from history.importing.columns import Column, Columns, Field
from history.importing.drafts import Draft, Refusal, shown
from history.importing.numbers import NumberRefused, read_numbers
from history.importing.options import ImportOptions
from history.importing.places import country_named, language_named, zone_of_postcode
from history.interaction import PointKind
from history.names import NAME_MOST, cleaned, search_keys, whole_name
from history.points import WrongPoint, email_of, messenger_of
from history.profile_fields import WrongField, currency_of, tag_of, time_zone_of

# Characters of a text field; of an attribute's value.
REGION_MOST, POSTCODE_MOST, EXTERNAL_ID_MOST, ATTRIBUTE_MOST = 100, 20, 200, 2_000
MOST_POINTS = 20
_PHONE, _EMAIL = PointKind.PHONE.value, PointKind.EMAIL.value

_tag = lru_cache(maxsize=4096)(tag_of)
_time_zone = lru_cache(maxsize=1024)(time_zone_of)
_currency = lru_cache(maxsize=256)(currency_of)


class RowReader:
    """Reads rows of one file. Not thread-safe."""

    def __init__(self, columns: Columns, options: ImportOptions) -> None:
        self._count = columns.count
        self._country = options.country
        self._tags = tuple(dict.fromkeys(tag_of(tag) for tag in options.tags))
        several: dict[Field, list[Column]] = {}
        for column in columns.columns:
            several.setdefault(column.field, []).append(column)
        single = {field: found[0] for field, found in several.items() if len(found) == 1}.get
        # Looked up once: a list has millions of cells.
        self._phones = several.get(Field.PHONE, [])
        self._emails = several.get(Field.EMAIL, [])
        self._messengers = several.get(Field.MESSENGER, [])
        self._tag_columns = several.get(Field.TAGS, [])
        self._attribute_columns = several.get(Field.ATTRIBUTE, [])
        self._consent_columns = several.get(Field.CONSENT, [])
        self._phone_code = single(Field.PHONE_CODE)
        self._external_id = single(Field.EXTERNAL_ID)
        self._name = single(Field.NAME)
        self._given_name = single(Field.GIVEN_NAME)
        self._middle_name = single(Field.MIDDLE_NAME)
        self._family_name = single(Field.FAMILY_NAME)
        self._language = single(Field.LANGUAGE)
        self._country_column = single(Field.COUNTRY)
        self._region = single(Field.REGION)
        self._postcode = single(Field.POSTCODE)
        self._zone = single(Field.TIME_ZONE)
        self._value_column = single(Field.VALUE)
        self._currency = single(Field.CURRENCY)
        self._refusals: list[Refusal] = []
        self._line = 0

    def read(self, line: int, cells: Sequence[str]) -> tuple[Draft | None, list[Refusal]]:
        """The draft, None when the row is empty or refused; every cell that was refused."""
        self._refusals = []
        self._line = line
        if len(cells) > self._count and any(cell.strip() for cell in cells[self._count :]):
            reason = (
                f"The row has {len(cells)} cells and the file {self._count} columns: put cells that "
                "have the separator in them between quotation marks."
            )
            return None, [Refusal(line, "", shown(" ".join(cells)), reason)]
        if not any(map(str.strip, cells)):
            return None, []
        country = self._value(cells, self._country_column, country_named, 100)
        points, extensions = self._points(cells, country or self._country)
        external_id = self._text(cells, self._external_id, EXTERNAL_ID_MOST)
        if external_id is not None and external_id.lower() in NOTHING:
            external_id = None  # it would make one person of all rows that have it
        if not points and external_id is None:
            return None, self._refused_whole()
        return self._draft(cells, country, points, extensions, external_id), self._refusals

    def _draft(
        self,
        cells: Sequence[str],
        country: str | None,
        points: tuple[tuple[str, str], ...],
        extensions: list[str],
        external_id: str | None,
    ) -> Draft:
        given = self._text(cells, self._given_name, NAME_MOST)
        family = self._text(cells, self._family_name, NAME_MOST)
        name = self._text(cells, self._name, NAME_MOST)
        if name is None:
            middle = self._text(cells, self._middle_name, NAME_MOST)
            name = whole_name(whole_name(given, middle), family)
            if name is not None and len(name) > NAME_MOST:
                name = name[:NAME_MOST].rstrip()
        postcode = self._text(cells, self._postcode, POSTCODE_MOST)
        zone = self._value(cells, self._zone, _time_zone, 100)
        if zone is None and postcode is not None and (country or self._country):
            zone = zone_of_postcode(country or self._country or "", postcode)
        currency = self._value(cells, self._currency, _currency, 10)
        value = self._amount(cells, currency)
        attributes = self._attributes(cells)
        if extensions:
            attributes += (("phone_extension", orjson.dumps(extensions[0]).decode()),)
        return Draft(
            self._line,
            points,
            external_id,
            name,
            given,
            family,
            self._value(cells, self._language, language_named, 100),
            country,
            self._text(cells, self._region, REGION_MOST),
            postcode,
            zone,
            value,
            None if value is None else currency,
            self._tags_of(cells),
            attributes,
            self._consents(cells),
            search_keys(name, given, family),
        )

    # --- points -------------------------------------------------------------------------------------------

    def _points(
        self, cells: Sequence[str], country: str | None
    ) -> tuple[tuple[tuple[str, str], ...], list[str]]:
        points: list[tuple[str, str]] = []
        extensions: list[str] = []
        for column in self._phones:
            cell = self._cell(cells, column)
            if not cell or cell.lower() in NOTHING:
                continue
            try:
                for number in read_numbers(cell, self._country_of_code(cells) or country):
                    points.append((_PHONE, number.e164))
                    if number.extension:
                        extensions.append(number.extension[:20])
            except NumberRefused as refused:
                self._refuse(column, cell, f"The number {refused}.")
        for column in self._emails:
            cell = self._cell(cells, column)
            for part in cell.replace(",", ";").split(";"):
                if part.strip().lower() in NOTHING:
                    continue
                try:
                    points.append((_EMAIL, email_of(part.strip().removeprefix("mailto:").strip("<>"))))
                except WrongPoint as wrong:
                    self._refuse(column, part, str(wrong))
        for column in self._messengers:
            for part in self._cell(cells, column).split(";"):
                if part.strip().lower() not in NOTHING:
                    try:
                        points.append((PointKind.MESSENGER.value, messenger_of(part)))
                    except WrongPoint as wrong:
                        self._refuse(column, part, str(wrong))
        if len(points) > 1:
            points = list(dict.fromkeys(points))
            if len(points) > MOST_POINTS:
                reason = (
                    f"The row has more than {MOST_POINTS} numbers and addresses: the first ones were taken."
                )
                self._refusals.append(Refusal(self._line, "", "", reason, kept=True))
                points = points[:MOST_POINTS]
        return tuple(points), extensions

    def _country_of_code(self, cells: Sequence[str]) -> str | None:
        """The country of a calling code that has a column of its own."""
        column = self._phone_code
        if column is None:
            return None
        digits = self._cell(cells, column).lstrip("+0 ")
        if not digits:
            return None
        known = len(digits) <= 3 and digits.isdecimal()
        region = phonenumbers.region_code_for_country_code(int(digits)) if known else "ZZ"
        if region in ("ZZ", "001"):
            self._refuse(column, digits, "There is no such calling code; write it as 48.")
            return None
        return region

    # --- cells --------------------------------------------------------------------------------------------

    def _cell(self, cells: Sequence[str], column: Column) -> str:
        return plain_text(cells[column.index].strip()) if column.index < len(cells) else ""

    def _text(self, cells: Sequence[str], column: Column | None, most: int) -> str | None:
        if column is None:
            return None
        text = cleaned(self._cell(cells, column))
        if text is None or len(text) <= most:
            return text
        self._refuse(column, text, f"The text has {len(text)} characters: {most} at most are kept.")
        return None

    def _value(
        self, cells: Sequence[str], column: Column | None, read: Callable[[str], str], most: int
    ) -> str | None:
        if column is None:
            return None
        cell = self._cell(cells, column)
        if not cell or (cell.lower() in NOTHING and not (column.field is Field.COUNTRY and cell == "NA")):
            return None
        try:
            if len(cell) > most:
                raise WrongField(f"The text has {len(cell)} characters: {most} at most are read.")
            return read(cell)
        except WrongField as wrong:
            self._refuse(column, cell, str(wrong))
            return None

    def _amount(self, cells: Sequence[str], currency: str | None) -> int | None:
        column = self._value_column
        cell = "" if column is None else self._cell(cells, column)
        if column is None or cell.lower() in NOTHING:
            return None
        try:
            if currency is None:
                raise WrongField("The amount has no currency: add a column currency with PLN or the like.")
            return minor_units(cell, currency)
        except WrongField as wrong:
            self._refuse(column, cell, str(wrong))
            return None

    def _tags_of(self, cells: Sequence[str]) -> tuple[str, ...]:
        tags = self._tags
        for column in self._tag_columns:
            for part in self._cell(cells, column).replace(";", ",").replace("|", ",").split(","):
                if part.strip():
                    try:
                        tags += (_tag(part),)
                    except WrongField as wrong:
                        self._refuse(column, part, str(wrong))
        return tuple(dict.fromkeys(tags)) if len(tags) > 1 else tags

    def _attributes(self, cells: Sequence[str]) -> tuple[tuple[str, str], ...]:
        attributes: list[tuple[str, str]] = []
        for column in self._attribute_columns:
            text = cleaned(self._cell(cells, column))
            if text is None:
                continue
            if len(text) > ATTRIBUTE_MOST:
                self._refuse(
                    column, text, f"The text has {len(text)} characters: {ATTRIBUTE_MOST} at most are kept."
                )
                continue
            attributes.append((column.name, orjson.dumps(text).decode()))
        return tuple(attributes)

    def _consents(self, cells: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
        consents: list[tuple[str, str, bool]] = []
        for column in self._consent_columns:
            cell = self._cell(cells, column)
            if cell:
                try:
                    given = yes_or_no(cell)
                except WrongField as wrong:
                    self._refuse(column, cell, str(wrong))
                    continue
                channel, _, purpose = column.name.partition(".")
                consents.append((channel, purpose, given))
        return tuple(consents)

    # --- refusals -----------------------------------------------------------------------------------------

    def _refuse(self, column: Column, value: str, reason: str) -> None:
        self._refusals.append(Refusal(self._line, column.label, shown(value), reason, kept=True))

    def _refused_whole(self) -> list[Refusal]:
        refused = [refusal._replace(kept=False) for refusal in self._refusals]
        return refused or [Refusal(self._line, "", "", "The row has no number, e-mail address or id.")]
