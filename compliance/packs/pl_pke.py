"""pl-pke: marketing in Poland."""

from __future__ import annotations

from datetime import date

from compliance.facts import Purpose
from compliance.pack import Certainty, Pack
from compliance.rules.consent_needed import ConsentNeeded, Where

PL_PKE = Pack(
    name="pl-pke",
    title="Prawo komunikacji elektronicznej",
    version="1",
    in_force_from=date(2024, 11, 10),
    source="Ustawa z 12 lipca 2024 r. Prawo komunikacji elektronicznej, Dz.U. 2024 poz. 1221, art. 398",
    certainty=Certainty.HIGH,
    country="PL",
    rules=(ConsentNeeded(name="consent", purposes=(Purpose.MARKETING,), where=(Where(),)),),
)
