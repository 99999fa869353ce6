"""DialRule: which numbers outside may be dialled by people, so that a stolen desk costs no fortune."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers

from calls.numbers import parse_number

_COSTLY = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST})


@dataclass(frozen=True, slots=True)
class DialRule:
    """`prefixes` in E.164, such as "+48"; empty: the numbers of `region`. `listed` may be dialled always.

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
        if phonenumbers.number_type(phonenumbers.parse(e164)) in _COSTLY:
            return f"{e164} costs more than a usual call: only numbers of `desk.transfer_numbers` may."
        prefixes = self.prefixes or (f"+{phonenumbers.country_code_for_region(self.region)}",)
        if not e164.startswith(prefixes):
            return f"{e164} is not dialled here, only {', '.join(prefixes)}: see `desk.dial`."
        return None
