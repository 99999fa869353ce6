"""Zones of countries, of US states and of area codes that have more than one.

After the IANA time zone database. The number library knows the zones of most prefixes; here is what
it does not tell, or tells too narrowly.
"""

from __future__ import annotations

_EASTERN, _CENTRAL, _MOUNTAIN = "America/New_York", "America/Chicago", "America/Denver"
_PACIFIC, _ARIZONA = "America/Los_Angeles", "America/Phoenix"


def _each(table: dict[tuple[str, ...], str]) -> dict[str, tuple[str, ...]]:
    return {code: zones for zones, codes in table.items() for code in codes.split()}


US_STATES = _each(
    {
        (_EASTERN,): "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
        (_CENTRAL,): "AL AR IA IL LA MN MO MS OK WI",
        (_MOUNTAIN,): "CO MT NM UT WY",
        (_PACIFIC,): "CA WA",
        (_EASTERN, _CENTRAL): "FL IN KY MI TN",
        (_CENTRAL, _MOUNTAIN): "KS ND NE SD TX",
        (_PACIFIC, _MOUNTAIN): "ID NV OR",
        (_ARIZONA, _MOUNTAIN): "AZ",
        ("America/Anchorage", "America/Adak"): "AK",
        ("Pacific/Honolulu",): "HI",
        ("Pacific/Pago_Pago",): "AS",
        ("Pacific/Guam",): "GU MP",
        ("America/Puerto_Rico",): "PR VI",
    }
)

COUNTRIES: dict[str, tuple[str, ...]] = {
    "US": (
        _EASTERN,
        _CENTRAL,
        _MOUNTAIN,
        _ARIZONA,
        _PACIFIC,
        "America/Anchorage",
        "America/Adak",
        "Pacific/Honolulu",
    ),
    "CA": (
        "America/St_Johns",
        "America/Halifax",
        "America/Toronto",
        "America/Winnipeg",
        "America/Regina",
        "America/Edmonton",
        "America/Whitehorse",
        "America/Vancouver",
    ),
    "RU": (
        "Europe/Kaliningrad",
        "Europe/Moscow",
        "Europe/Samara",
        "Asia/Yekaterinburg",
        "Asia/Omsk",
        "Asia/Krasnoyarsk",
        "Asia/Irkutsk",
        "Asia/Yakutsk",
        "Asia/Vladivostok",
        "Asia/Magadan",
        "Asia/Kamchatka",
    ),
    "KZ": ("Asia/Almaty", "Asia/Aqtobe"),
    "GB": ("Europe/London",),
    "ES": ("Europe/Madrid", "Atlantic/Canary"),
    "PT": ("Europe/Lisbon", "Atlantic/Azores"),
}

# Area codes of +1 that lie in two zones or more.
AREA_CODES = _each(
    {
        (_EASTERN, _CENTRAL): "219 270 364 423 448 574 606 812 850 906 930",
        (_CENTRAL, _MOUNTAIN): "308 432 605 620 701 785",
        (_PACIFIC, _MOUNTAIN): "208 458 541 775 986",
        (_ARIZONA, _MOUNTAIN): "928",
        ("America/Anchorage", "America/Adak"): "907",
        ("America/Vancouver", "America/Edmonton", "America/Fort_Nelson"): "236 250 672 778",
        ("America/Regina", "America/Edmonton"): "306 474 639",
        ("America/Halifax", "America/St_Johns"): "709 879",
        ("America/Toronto", "America/Winnipeg"): "807",
        ("America/Toronto", "America/Winnipeg", "America/Edmonton", "America/Whitehorse"): "867",
    }
)

# Fixed lines of +7 whose zone changed, or is not the one zone that the number library names.
RUSSIAN_CODES: dict[str, tuple[str, ...]] = {
    "401": ("Europe/Kaliningrad",),
    "411": ("Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan"),
    "845": ("Europe/Saratov",),
}
