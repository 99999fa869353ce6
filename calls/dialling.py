"""DialRule: which numbers outside may be dialled by people, so that a stolen desk costs no fortune."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers

from calls.numbers import parse_number

_COSTLY = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST})


@dataclass(frozen=True, slots=True)
class DialRule:
    """`prefixes`: of E.164, as "+48"; empty: the numbers of the country `region`. `listed` may always be.

    Numbers that cost the caller more than a usual one are dialled only when listed.
    """

    region: str
    prefixes: tuple[str, ...] = ()
    listed: frozenset[str] = frozenset()

    def refusal(self, number: str) -> str | None:
        """One sentence, when the number may not be dialled."""
        e164 = parse_number(number, self.region).e164
        if e164 is None:
            return f'"{number[:40]}" is no telephone number: write it in full, such as +48220000001.'
        if e164 in {parse_number(one, self.region).shown for one in self.listed}:
            return None
        parsed = phonenumbers.parse(e164)
        if phonenumbers.number_type(parsed) in _COSTLY:
            return f"{e164} costs more than a usual call: only numbers of `desk.transfer_numbers` may."
        if self.prefixes:
            ours = e164.startswith(self.prefixes)
        else:  # several countries share +1 and +7, at different prices
            home = phonenumbers.country_code_for_region(self.region)
            country = phonenumbers.region_code_for_number(parsed)
            ours = parsed.country_code == home and country in (self.region, None)
        if not ours:
            only = ", ".join(self.prefixes) or self.region
            return f"{e164} is not dialled here, only {only}: see `desk.dial`."
        return None
