"""RuleBook: which packs are asked, with this company's own numbers in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from compliance.choice import packs_for
from compliance.facts import Channel, Mode, Purpose
from compliance.gate import PACKS
from compliance.pack import Pack


@dataclass(frozen=True, slots=True)
class OwnNumbers:
    """A pack with the company's numbers. An override that makes it looser ends at `until`."""

    pack: Pack
    until: datetime | None = None
    afterwards: Pack | None = None

    def at(self, now: datetime) -> Pack:
        if self.until is None or self.afterwards is None or now < self.until:
            return self.pack
        return self.afterwards


@dataclass(frozen=True, slots=True)
class RuleBook:
    """`country` is the company's own, for people of whom no country is known.

    Packs stack: the campaign's, the purpose's, and those of the callee's country. All must pass.
    """

    country: str
    own_numbers: Mapping[str, OwnNumbers] = field(default_factory=dict)
    of_campaigns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_purposes: Mapping[Purpose, tuple[str, ...]] = field(default_factory=dict)

    def packs(
        self,
        channel: Channel,
        purpose: Purpose,
        mode: Mode,
        countries: Iterable[str],
        now: datetime,
        *,
        campaign: str | None = None,
        more: Iterable[str] = (),
    ) -> tuple[Pack, ...]:
        """In the order in which they are asked. Raises KeyError for a name in `more` that is no pack's."""
        names: dict[str, None] = dict.fromkeys(self.of_campaigns.get(campaign or "", ()))
        names |= dict.fromkeys((*self.of_purposes.get(purpose, ()), *more))
        for country in tuple(countries) or (self.country,):
            names |= dict.fromkeys(packs_for(country, purpose, channel, mode))
        return tuple(self._pack(name, now) for name in names)

    def _pack(self, name: str, now: datetime) -> Pack:
        own = self.own_numbers.get(name)
        return PACKS[name] if own is None else own.at(now)


def label(pack: Pack) -> str:
    """A pack as the decision log names it: "us-tsr@1", with "+own" when it has the company's numbers."""
    own = "" if pack == PACKS[pack.name] else "+own"
    return f"{pack.name}@{pack.version}{own}{'+override' if pack.overrides else ''}"
