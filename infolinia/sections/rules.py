"""`rules:` of the configuration: which packs campaigns and purposes keep, and the company's own numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from compliance.facts import Purpose
from compliance.gate import PACKS
from compliance.pack import Override, Pack
from compliance.strictness import NotStricter, stricter
from engine.rulebook import OwnNumbers, RuleBook


def _pack_name(value: str) -> str:
    if value not in PACKS:
        raise ValueError(f"there is no pack {value!r}; there are {', '.join(sorted(PACKS))}")
    return value


PackName = Annotated[str, AfterValidator(_pack_name)]
Packs = tuple[PackName, ...]
Numbers = Mapping[str, Mapping[str, int | float | str]]
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

    @model_validator(mode="after")
    def _numbers_are_allowed(self) -> Self:
        try:
            self.own_numbers()
        except NotStricter as refused:
            raise ValueError(str(refused)) from refused
        packs = [override.pack for override in self.overrides]
        for pack in packs:
            if packs.count(pack) > 1:
                raise ValueError(f"{pack} has several overrides: write one for each pack")
        return self

    def own_numbers(self) -> dict[str, OwnNumbers]:
        """Raises NotStricter."""
        own: dict[str, OwnNumbers] = {}
        for name, numbers in self.numbers.items():
            own[name] = OwnNumbers(stricter(PACKS[name], numbers))
        for override in self.overrides:
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
