"""The desk's forms, read: an action, a moment, an amount; or WrongForm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from acd.talks.talk import (
    Action,
    CancelConsult,
    CompleteTransfer,
    Conference,
    Consult,
    DropParty,
    HangUp,
    Hold,
    Mute,
    PauseRecording,
    Resume,
    SendKeys,
    Target,
    TargetKind,
    Transfer,
)
from engine.desk.desks import CallbackWish
from wording.minor_units import decimals_of, minor_units_of

Form = Mapping[str, str]

KEYS = frozenset("0123456789*#")
MOST_KEYS = 40
LONGEST_NAME = 80
LONGEST_CALLBACK_NOTE = 500
CALLBACK_WINDOW = timedelta(hours=2)
FURTHEST_CALLBACK = timedelta(days=365)
MOST_PARTS = 12
LARGEST_AMOUNT = Decimal(1_000_000_000)
PLAIN: Mapping[str, type[Hold | Resume | CompleteTransfer | Conference | CancelConsult | HangUp]] = {
    "hold": Hold,
    "resume": Resume,
    "complete": CompleteTransfer,
    "conference": Conference,
    "cancel": CancelConsult,
    "hang_up": HangUp,
}


class WrongForm(Exception):
    """A field that cannot be read: `words` name the sentence, `values` fill it."""

    def __init__(self, words: str, **values: object) -> None:
        super().__init__(words)
        self.words = words
        self.values = values


def text_of(form: Form, field: str) -> str:
    text = form.get(field, "").strip()
    if not text or len(text) > LONGEST_NAME:
        raise WrongForm("desk_wrong_form", field=field, most=LONGEST_NAME)
    return text


def count_of(form: Form, field: str) -> int:
    written = form.get(field, "")
    if not (written.isascii() and written.isdigit() and len(written) <= 15):
        raise WrongForm("desk_wrong_count", field=field)
    return int(written)


def action_of(form: Form) -> Action:
    """What is to become of the talk."""
    name = form.get("action", "")
    if name in PLAIN:
        return PLAIN[name]()
    match name:
        case "mute":
            return Mute(form.get("on") == "yes")
        case "pause_recording":
            return PauseRecording(form.get("on") == "yes")
        case "keys":
            keys = form.get("keys", "")
            if not keys or len(keys) > MOST_KEYS or not KEYS.issuperset(keys):
                raise WrongForm("desk_wrong_keys", most=MOST_KEYS)
            return SendKeys(keys)
        case "drop":
            return DropParty(text_of(form, "leg"))
        case "transfer":
            return Transfer(_target(form))
        case "consult":
            target = _target(form)
            if target.kind not in (TargetKind.AGENT, TargetKind.NUMBER):
                raise WrongForm("desk_wrong_advice")
            return Consult(target)
    raise WrongForm("desk_wrong_action")


def callback_of(form: Form, now: datetime) -> CallbackWish:
    """`at`: a local time as a browser writes it, empty: as soon as it may be."""
    written, note = form.get("at", "").strip(), form.get("note", "").strip()
    begins = None
    if written:
        try:
            begins = datetime.fromisoformat(written)
            begins = begins.astimezone(now.tzinfo)
        except (ValueError, OverflowError, OSError):
            raise WrongForm("desk_wrong_moment") from None
        if not now - timedelta(minutes=1) <= begins <= now + FURTHEST_CALLBACK:
            raise WrongForm("desk_wrong_moment")
    if len(note) > LONGEST_CALLBACK_NOTE:
        raise WrongForm("wrong_long", most=LONGEST_CALLBACK_NOTE)
    ends = begins + CALLBACK_WINDOW if begins else None
    number = form.get("number", "").strip()[:LONGEST_NAME]
    return CallbackWish(begins, ends, mine=form.get("whose") == "mine", note=note, number=number)


def promise_of(form: Form, now: datetime) -> tuple[int, str, date, int]:
    """An amount in minor units, its currency, the first day, and in how many parts."""
    currency = form.get("currency", "").strip().upper()
    written = form.get("amount", "").strip().replace(" ", "").replace("\u00a0", "").replace(",", ".")
    try:
        amount = Decimal(written)
        if not (amount.is_finite() and 0 < amount < LARGEST_AMOUNT):
            raise ValueError
    except (InvalidOperation, ValueError):
        raise WrongForm("desk_wrong_amount") from None
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise WrongForm("desk_wrong_currency")
    minor = minor_units_of(amount, currency)
    if minor is None:
        raise WrongForm("desk_wrong_decimals", currency=currency, most=decimals_of(currency))
    try:
        due = date.fromisoformat(form.get("due", "").strip())
    except ValueError:
        raise WrongForm("desk_wrong_day") from None
    today = now.astimezone().date()
    if not today <= due <= today + timedelta(days=730):
        raise WrongForm("desk_wrong_day")
    parts = form.get("parts", "").strip() or "1"
    if not (parts.isascii() and parts.isdigit() and len(parts) <= 2 and 1 <= int(parts) <= MOST_PARTS):
        raise WrongForm("desk_wrong_parts")
    return minor, currency, due, int(parts)


def channels_of(form: Form) -> frozenset[str]:
    """Empty: all of them."""
    chosen = form.get("channels", "")
    if chosen not in ("", "call", "sms", "email"):
        raise WrongForm("desk_wrong_channels")
    return frozenset({chosen} if chosen else ())


def _target(form: Form) -> Target:
    kind = form.get("kind", "")
    if kind not in {one.value for one in TargetKind}:
        raise WrongForm("desk_wrong_target")
    return Target(TargetKind(kind), text_of(form, "name"))
