"""Which packs apply to a callee when nobody names any."""

from __future__ import annotations

from compliance.facts import Channel, Mode, Purpose

# The European Union and the European Economic Area.
_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
_AUTOMATIC = (Mode.PREDICTIVE, Mode.PROGRESSIVE, Mode.AGENTLESS)


def packs_for(country: str | None, purpose: Purpose, channel: Channel, mode: Mode) -> tuple[str, ...]:
    """Names of packs, in the order in which they are asked. `country`: "PL"; None: not known.

    Marketing and collections where no pack is known get `service`: only who asked or consented is contacted.
    """
    chosen: tuple[str, ...]
    match purpose, country:
        case Purpose.MARKETING, "US":
            chosen = ("us-tsr",)
        case Purpose.MARKETING, "GB":
            # British law (PECR 2003) carries the same directive.
            chosen = ("uk-ofcom", "eu-eprivacy") if channel is Channel.CALL else ("eu-eprivacy",)
        case Purpose.MARKETING, "PL":
            chosen = ("pl-pke", "eu-eprivacy")
        case Purpose.MARKETING, "RU":
            chosen = ("ru-38fz", "ru-41fz")
        case Purpose.MARKETING, str(code) if code in _EEA.split():
            chosen = ("eu-eprivacy",)
        case Purpose.COLLECTIONS, "US":
            chosen = ("us-reg-f",)
        case Purpose.COLLECTIONS, "PL":
            chosen = ("pl-debt",)
        case Purpose.COLLECTIONS, "RU":
            chosen = ("ru-230fz", "ru-41fz")
        case ((Purpose.SERVICE | Purpose.INFORMATION), "RU") if (
            channel is Channel.CALL and mode in _AUTOMATIC
        ):
            chosen = ("service", "ru-41fz")
        case _:
            chosen = ("service",)
    return chosen
