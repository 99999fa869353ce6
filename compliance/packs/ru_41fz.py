"""ru-41fz: automatic and mass calls in Russia."""

from __future__ import annotations

from datetime import date

from compliance.facts import Channel, Mode
from compliance.pack import CampaignLimits, Certainty, Pack
from compliance.rules.consent_needed import ConsentNeeded, Where

RU_41FZ = Pack(
    name="ru-41fz",
    title="О связи: массовые вызовы",
    version="1",
    in_force_from=date(2025, 9, 1),
    source="Федеральный закон от 01.04.2025 № 41-ФЗ; Федеральный закон от 07.07.2003 № 126-ФЗ «О связи»",
    certainty=Certainty.MEDIUM,
    country="RU",
    rules=(
        ConsentNeeded(
            name="consent",
            where=(Where((Channel.CALL,), (Mode.PREDICTIVE, Mode.PROGRESSIVE, Mode.AGENTLESS)),),
            request_suffices=True,
        ),
    ),
    limits=CampaignLimits(labelled=True),
)
