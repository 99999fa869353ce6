"""How numbers, times and durations are written on the pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

import phonenumbers
from babel.numbers import format_currency

from calls.call import Call
from console.words import Words
from history.contact import Contact
from history.dispositions import Disposition
from history.interaction import ContactPoint, PointKind
from wording.minor_units import decimals_of

# A call from the page's own button bears the visitor's id in its channel, and this instead of a number.
VISITOR_CHANNEL = "visitor-"
BROWSER_CALLER = "browser"
MASK = "••••"
_LETTER_BEFORE_FIGURE = re.compile(r"(?<=[^\W\d_])(?=\d)")


def phone(number: str) -> str:
    """A number as people read it: E.164 is grouped, an internal one is left as it is."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def party(number: str, words: Words) -> str:
    """Who calls: a number, the browser, or a withheld number."""
    if number == BROWSER_CALLER:
        return words("caller_browser")
    return phone(number) or words("caller_withheld")


def caller_of(call: Call, words: Words) -> str:
    """Who is calling, as a live call knows it."""
    return party(BROWSER_CALLER if call.network_id.startswith(VISITOR_CHANNEL) else call.person, words)


def contact_name(contact: Contact, words: Words) -> str:
    """The name, else the first number or address."""
    if contact.name:
        return contact.name
    if not contact.points:
        return words("contact_unnamed")
    return point_shown(min(contact.points, key=lambda point: point.kind is not PointKind.PHONE), words)


def point_shown(point: ContactPoint, words: Words) -> str:
    """A number, or an address; a browser's own id tells people nothing."""
    return words("caller_browser") if point.kind is PointKind.VISITOR else phone(point.value)


def money(amount: int, currency: str, words: Words) -> str:
    """An amount in minor units, as the page's language writes it."""
    return amount_shown(Decimal(amount).scaleb(-decimals_of(currency)), currency, words)


def amount_shown(amount: Decimal, currency: str, words: Words) -> str:
    """The letters of a currency stand apart from the figures, as "PLN 0.42"; a sign does not."""
    return _LETTER_BEFORE_FIGURE.sub("\u00a0", format_currency(amount, currency, locale=words.language))


def duration(seconds: float) -> str:
    """m:ss, or h:mm:ss from an hour on."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def offset(at: datetime, start: datetime) -> str:
    """Time since the call began, to a tenth: m:ss.t."""
    tenths = max(0, (at - start) // timedelta(milliseconds=100))
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest // 10:02}.{rest % 10}"


def local_time(at: datetime, zone: tzinfo | None = None) -> str:
    """HH:MM:SS of `zone`, else of the place where the console runs."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def local_day(at: datetime, words: Words) -> str:
    """Such as "17 November" in the page's language."""
    local = at.astimezone()
    return words("day_month", day=local.day, month=words.listed("months")[local.month - 1])


def local_date_time(at: datetime, words: Words) -> str:
    """Weekday, day, month and time."""
    local = at.astimezone()
    return f"{words.listed('weekdays')[local.weekday()]}, {local_day(at, words)}, {local_time(at)}"


def short_date_time(at: datetime, zone: tzinfo | None = None) -> str:
    return f"{at.astimezone(zone):%d.%m, %H:%M}"


def numeric_day(at: datetime) -> str:
    return f"{at.astimezone():%d.%m.%Y}"


def labelled(label: Mapping[str, str], name: str, words: Words) -> str:
    """In the reader's language, else in any, else the name."""
    return label.get(words.language) or label.get("en") or next(iter(label.values()), name)


def disposition_label(name: object, known: Mapping[str, Disposition], words: Words) -> str:
    """As the agent chose it; the name of one that the configuration has no more."""
    found = known.get(str(name or ""))
    return labelled(found.label, found.name, words) if found else str(name or "")


def queue_name(name: str) -> str:
    """A queue's name as people read it: "night_orders" is "Night orders"."""
    return capitalize_first(name.replace("_", " "))


def capitalize_first(text: str) -> str:
    """The text with a capital first letter; the rest is left as it is (unlike str.capitalize)."""
    return text[:1].upper() + text[1:]
