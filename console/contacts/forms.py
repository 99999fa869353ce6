"""The forms of a contact's page, read: what was typed becomes a change, or one sentence by the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from compliance.facts import Channel, Purpose
from console.faults import Fault
from engine.registers.contacts import TAGS_MOST, ContactChange
from history.contact import Contact
from history.interaction import ContactPoint
from history.names import NAME_MOST, cleaned
from history.permissions import Consent, Objection, Proof, Scope
from history.profile_fields import WrongField, language_of, tag_of, time_zone_of

REASON_MOST = 500
PROOF_MOST = 2000
CHANNELS = tuple(channel.value for channel in Channel)
PURPOSES = tuple(purpose.value for purpose in Purpose)
# Who writes here heard it from the person.
SOURCE = "agent"

Form = Mapping[str, str]


class Wrong(Exception):
    """`field` is where it lies; `key` and `given` make the sentence, in the reader's language."""

    def __init__(self, field: str, key: str, **given: object) -> None:
        super().__init__(key)
        self.field = field
        self.key = key
        self.given = given


def version_of(form: Form) -> int:
    """That of the contact as its page showed it. Raises Fault 400."""
    written = form.get("version", "")
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise Fault(400, "The form lacks the contact's version. Load the page anew, then try again.")
    return int(written)


def profile_change(form: Form, contact: Contact) -> ContactChange:
    """What differs from the contact as it is. Raises Wrong."""
    fields: dict[str, str | int | None] = {
        "name": _line(form, "name", NAME_MOST),
        "language": _read(form, "language", language_of),
        "time_zone": _read(form, "time_zone", time_zone_of),
    }
    tags: set[str] = set()
    for written in form.get("tags", "").split(","):
        if written.strip():
            try:
                tags.add(tag_of(written))
            except WrongField:
                raise Wrong("tags", "wrong_tags", tag=written.strip()[:40]) from None
    if len(tags) > TAGS_MOST:
        raise Wrong("tags", "wrong_tags_many", most=TAGS_MOST)
    changed = {name: value for name, value in fields.items() if value != getattr(contact, name)}
    return ContactChange(changed, tags=None if tags == contact.tags else frozenset(tags))


def consent_given(form: Form, contact: Contact, id: str, now: datetime) -> Consent:
    """A consent, or the end of one. Raises Wrong; a consent needs the person's own words."""
    given = _one_of(form, "given", ("yes", "no")) == "yes"
    words = _line(form, "proof", PROOF_MOST)
    if given and words is None:
        raise Wrong("proof", "wrong_proof")
    return Consent(
        id=id,
        at=now,
        channel=_one_of(form, "channel", CHANNELS),
        purpose=_one_of(form, "purpose", PURPOSES),
        given=given,
        source=SOURCE,
        contact_id=contact.id,
        point=_point(form, contact),
        proof=Proof(text=words),
    )


def objection_made(form: Form, contact: Contact, id: str, now: datetime) -> Objection:
    """Of the whole person, or of one of their points. Raises Wrong."""
    point = _point(form, contact)
    channel, purpose = _one_of(form, "channel", ("", *CHANNELS)), _one_of(form, "purpose", ("", *PURPOSES))
    return Objection(
        id=id,
        at=now,
        scope=Scope.NUMBER if point else Scope.PERSON,
        value=point.value if point else contact.id,
        reason=reason_of(form),
        source=SOURCE,
        channels=frozenset({channel} if channel else ()),
        purposes=frozenset({purpose} if purpose else ()),
    )


def reason_of(form: Form) -> str:
    """Raises Wrong when there is none."""
    reason = _line(form, "reason", REASON_MOST)
    if reason is None:
        raise Wrong("reason", "wrong_reason")
    return reason


def point_key(point: ContactPoint) -> str:
    return f"{point.kind}:{point.value}"


def _point(form: Form, contact: Contact) -> ContactPoint | None:
    written = form.get("point", "")
    if not written:
        return None
    found = next((point for point in contact.points if point_key(point) == written), None)
    if found is None:
        raise Wrong("point", "wrong_point")
    return found


def _line(form: Form, field: str, most: int) -> str | None:
    text = cleaned(form.get(field, ""))
    if text is not None and len(text) > most:
        raise Wrong(field, "wrong_long", most=most)
    return text


def _read(form: Form, field: str, normal: Callable[[str], str]) -> str | None:
    written = form.get(field, "").strip()
    try:
        return normal(written) if written else None
    except WrongField:
        raise Wrong(field, f"wrong_{field}") from None


def _one_of(form: Form, field: str, allowed: tuple[str, ...]) -> str:
    written = form.get(field, "")
    if written not in allowed:
        raise Wrong(field, "wrong_choice")
    return written
