"""A mailing as its form has it: what is sent, to whom, and how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, tzinfo

from calls.numbers import parse_number
from compliance.facts import Channel
from console.words import Words
from engine.registers.contacts import Contacts
from engine.registers.mailings import Mailing
from history.interaction import ContactPoint, PointKind
from messaging.cascade_plan import Cascade
from messaging.templates import MessageTemplate

LONGEST_NAME, LONGEST_LANGUAGE = 100, 8
MOST_LISTED = 2000
MOST_A_SECOND = 10_000.0
FIELDS = (
    "name", "what", "channel", "segment", "people", "values", "language", "campaign",
    "per_second", "opens", "closes", "ends_at",
)  # fmt: skip
_TEMPLATE, _CASCADE = "template:", "cascade:"


class WrongForm(Exception):
    """`field` and why, in the reader's language."""

    def __init__(self, field: str, told: str) -> None:
        super().__init__(told)
        self.field = field


def choices(
    templates: Mapping[str, MessageTemplate], cascades: Mapping[str, Cascade]
) -> list[tuple[str, str]]:
    """(value of `what`, name), templates first."""
    return [(_TEMPLATE + name, name) for name in sorted(templates)] + [
        (_CASCADE + name, name) for name in sorted(cascades)
    ]


def typed_of(mailing: Mailing | None, zone: tzinfo) -> dict[str, str]:
    """What stands in the form's fields."""
    if mailing is None:
        return dict.fromkeys(FIELDS, "") | {"channel": Channel.SMS.value}
    what = _CASCADE + mailing.cascade if mailing.cascade else _TEMPLATE + (mailing.template or "")
    ends = mailing.ends_at
    return {
        "name": mailing.name,
        "what": what,
        "channel": mailing.channel or Channel.SMS.value,
        "segment": mailing.segment_id or "",
        "people": "",
        "values": "\n".join(f"{name}={value}" for name, value in mailing.values.items()),
        "language": mailing.language or "",
        "campaign": mailing.campaign or "",
        "per_second": "" if mailing.per_second is None else f"{mailing.per_second:g}",
        "opens": "" if mailing.opens is None else f"{mailing.opens:%H:%M}",
        "closes": "" if mailing.closes is None else f"{mailing.closes:%H:%M}",
        "ends_at": "" if ends is None else f"{ends.astimezone(zone):%Y-%m-%dT%H:%M}",
    }


async def mailing_of(
    form: Mapping[str, str],
    known: Mailing,
    *,
    contacts: Contacts,
    region: str,
    zone: tzinfo,
    words: Words,
) -> Mailing:
    """`known` with what was typed. Raises WrongForm."""
    typed = {name: form.get(name, "").strip() for name in FIELDS}
    for field, told in (("what", "what"), ("segment", "people"), ("campaign", "name")):
        if not typed[field].isprintable():  # PostgreSQL keeps no zero byte
            raise WrongForm(field, words(f"mailing_wrong_{told}", None, most=LONGEST_NAME))
    name = " ".join(typed["name"].split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise WrongForm("name", words("mailing_wrong_name", None, most=LONGEST_NAME))
    kind, _, what = typed["what"].partition(":")
    if kind not in ("template", "cascade") or not what:
        raise WrongForm("what", words("mailing_wrong_what"))
    people = await _people(typed["people"], contacts, region, words)
    if bool(typed["segment"]) == bool(people or (known.contact_ids and not typed["segment"])):
        raise WrongForm("segment", words("mailing_wrong_people"))
    return replace(
        known,
        name=name,
        template=what if kind == "template" else None,
        channel=_channel(typed["channel"], words) if kind == "template" else None,
        cascade=what if kind == "cascade" else None,
        segment_id=typed["segment"] or None,
        contact_ids=() if typed["segment"] else people or known.contact_ids,
        values=_values(typed["values"], words),
        language=_language(typed["language"], words),
        campaign=typed["campaign"][:LONGEST_NAME] or None,
        per_second=_per_second(typed["per_second"], words),
        opens=_time("opens", typed["opens"], words),
        closes=_time("closes", typed["closes"], words),
        ends_at=_moment(typed["ends_at"], zone, words),
    )


async def _people(text: str, contacts: Contacts, region: str, words: Words) -> tuple[str, ...]:
    """Contacts of the numbers and addresses, one a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LISTED:
        raise WrongForm("people", words("mailing_wrong_many", None, most=MOST_LISTED))
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        point = _point(line, region) if line.isprintable() else None
        contact = None if point is None else await contacts.by_point(point)
        if contact is None:
            raise WrongForm("people", words("mailing_wrong_person", None, line=number, text=line[:60]))
        found[contact.id] = None
    return tuple(found)


def _point(line: str, region: str) -> ContactPoint | None:
    if "@" in line:
        return ContactPoint(PointKind.EMAIL, line.lower())
    e164 = parse_number(line, region).e164
    return None if e164 is None else ContactPoint(PointKind.PHONE, e164)


def _channel(text: str, words: Words) -> Channel:
    try:
        return Channel(text)
    except ValueError:
        raise WrongForm("channel", words("mailing_wrong_channel")) from None


def _values(text: str, words: Words) -> dict[str, str]:
    """Lines such as order=A/7."""
    found: dict[str, str] = {}
    for line in (line.strip() for line in text.splitlines()):
        name, sign, value = line.partition("=")
        if line and (not sign or not name.strip() or not line.isprintable()):
            raise WrongForm("values", words("mailing_wrong_values", None, text=line[:60]))
        if line:
            found[name.strip()] = value.strip()
    return found


def _language(text: str, words: Words) -> str | None:
    if len(text) > LONGEST_LANGUAGE or (text and not text.replace("-", "").isalpha()):
        raise WrongForm("language", words("mailing_wrong_language"))
    return text.lower() or None


def _per_second(text: str, words: Words) -> float | None:
    if not text:
        return None
    plain = text.replace(",", ".")
    digits = plain.replace(".", "", 1)
    value = float(plain) if digits.isascii() and digits.isdigit() and len(plain) <= 8 else 0.0
    if not 0 < value <= MOST_A_SECOND:
        raise WrongForm("per_second", words("mailing_wrong_pace", None, most=f"{MOST_A_SECOND:g}"))
    return value


def _time(field: str, text: str, words: Words) -> time | None:
    if not text:
        return None
    try:
        found = time.fromisoformat(text)
    except ValueError:
        raise WrongForm(field, words("mailing_wrong_time")) from None
    if found.tzinfo is not None:  # the hotline's zone is meant, and no other can be compared with it
        raise WrongForm(field, words("mailing_wrong_time"))
    return found


def _moment(text: str, zone: tzinfo, words: Words) -> datetime | None:
    """As the page's date and time fields write it, in the configured zone."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongForm("ends_at", words("mailing_wrong_moment")) from None
    if moment.tzinfo is not None or not 2000 <= moment.year < 2200:
        raise WrongForm("ends_at", words("mailing_wrong_moment"))
    return moment.replace(tzinfo=zone).astimezone(UTC)
