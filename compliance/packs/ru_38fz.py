"""ru-38fz: advertising in Russia."""

from __future__ import annotations

from datetime import date

from compliance.facts import Mode, Purpose
from compliance.pack import Certainty, Pack
from compliance.rules.consent_needed import ConsentNeeded, Where
from compliance.rules.mode_ban import ModeBan

RU_38FZ = Pack(
    name="ru-38fz",
    title="О рекламе",
    version="1",
    in_force_from=date(2006, 7, 1),
    source="Федеральный закон от 13.03.2006 № 38-ФЗ, ст. 18 ч. 1 и 2",
    certainty=Certainty.HIGH,
    country="RU",
    rules=(
        ConsentNeeded(name="consent", purposes=(Purpose.MARKETING,), where=(Where(),)),
        ModeBan(modes=(Mode.PREDICTIVE, Mode.PROGRESSIVE, Mode.AGENTLESS), purposes=(Purpose.MARKETING,)),
    ),
)
