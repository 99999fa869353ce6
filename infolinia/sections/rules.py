"""`rules:` of the configuration: which packs campaigns and purposes keep, and the company's own numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from compliance.facts import Purpose
from compliance.gate import PACKS
from compliance.pack import Override, Pack
from compliance.strictness import stricter
from engine.rulebook import OwnNumbers, RuleBook


def _pack_name(value: str) -> str:
    if value not in PACKS:
        raise ValueError(f"there is no pack {value!r}; there are {', '.join(sorted(PACKS))}")
    return value


def _number(value: object) -> object:
    """The file's scalars come as they are written."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII):
        return float(value) if "." in value else int(value)
    return value


PackName = Annotated[str, AfterValidator(_pack_name)]
Packs = tuple[PackName, ...]
# A number, or a time of day as text.
Number = Annotated[int | float | str, BeforeValidator(_number)]
Numbers = Mapping[str, Mapping[str, Number]]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class OverrideSection(BaseModel):
    """Numbers looser than the pack's: who allowed them, why, when, and until the end of which day (UTC)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pack: PackName
    numbers: Numbers
    by: Words
    reason: Words
    at: date
    until: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.at:
            raise ValueError("an override ends at 'until', which is before 'at'")
        return self


class RulesSection(BaseModel):
    """`numbers`: pack -> rule -> number, stricter than the pack's. Packs named are asked beside the law's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaigns: Mapping[str, Packs] = {}
    purposes: Mapping[Purpose, Packs] = {}
    numbers: Mapping[PackName, Numbers] = {}
    overrides: tuple[OverrideSection, ...] = ()

    @field_validator("numbers")
    @classmethod
    def _stricter(cls, numbers: Mapping[str, Numbers]) -> Mapping[str, Numbers]:
        _own_numbers(numbers, ())
        return numbers

    @field_validator("overrides")
    @classmethod
    def _allowed(
        cls, overrides: tuple[OverrideSection, ...], info: ValidationInfo
    ) -> tuple[OverrideSection, ...]:
        packs = [override.pack for override in overrides]
        for pack in packs:
            if packs.count(pack) > 1:
                raise ValueError(f"{pack} has several overrides: write one for each pack")
        _own_numbers(info.data.get("numbers", {}), overrides)
        return overrides

    def own_numbers(self) -> dict[str, OwnNumbers]:
        """The packs that are not as they come, by name."""
        return _own_numbers(self.numbers, self.overrides)


def _own_numbers(
    numbers: Mapping[str, Numbers], overrides: Sequence[OverrideSection]
) -> dict[str, OwnNumbers]:
    """Raises ValueError with a sentence for numbers that cannot be."""
    own = {name: OwnNumbers(stricter(PACKS[name], changes)) for name, changes in numbers.items()}
    for override in overrides:
        own[override.pack] = _overridden(own.get(override.pack), override)
    return own


def _overridden(own: OwnNumbers | None, override: OverrideSection) -> OwnNumbers:
    known: Pack = PACKS[override.pack] if own is None else own.pack
    told = Override(override.by, override.reason, _midnight(override.at))
    looser = stricter(known, override.numbers, told)
    return OwnNumbers(looser, _midnight(override.until + timedelta(days=1)), known)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def rule_book(rules: RulesSection, country: str) -> RuleBook:
    return RuleBook(country, rules.own_numbers(), rules.campaigns, rules.purposes)


def rule_problems(rules: RulesSection, campaigns: Sequence[str]) -> list[str]:
    """A sentence for each campaign that the configuration does not have."""
    return [
        f"rules.campaigns.{name}: there is no campaign of that name; name it in campaigns, or leave it out."
        for name in rules.campaigns
        if name not in campaigns
    ]
