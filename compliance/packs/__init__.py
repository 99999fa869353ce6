"""The packs by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compliance.pack import Pack
from compliance.packs.eu_eprivacy import EU_EPRIVACY
from compliance.packs.pl_debt import PL_DEBT
from compliance.packs.pl_pke import PL_PKE
from compliance.packs.ru_38fz import RU_38FZ
from compliance.packs.ru_41fz import RU_41FZ
from compliance.packs.ru_230fz import RU_230FZ
from compliance.packs.service import SERVICE
from compliance.packs.uk_ofcom import UK_OFCOM
from compliance.packs.us_reg_f import US_REG_F
from compliance.packs.us_tsr import US_TSR

PACKS: Mapping[str, Pack] = MappingProxyType(
    {
        pack.name: pack
        for pack in (
            US_TSR,
            US_REG_F,
            UK_OFCOM,
            PL_PKE,
            PL_DEBT,
            RU_230FZ,
            RU_38FZ,
            RU_41FZ,
            EU_EPRIVACY,
            SERVICE,
        )
    }
)
