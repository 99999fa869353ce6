"""What a merge brings is taken back exactly, and who looks like one person is told with the reason."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from history.contact import Contact, Group, GroupKind
from history.interaction import ContactPoint, PointKind
from history.lifetime_value import LifetimeValue, after_payment
from history.merging import FIELDS, Own, Reason, brought, likeness, taken_back, with_brought

AT = datetime(2026, 11, 21, tzinfo=UTC)

_WORDS = st.sampled_from(["a", "b", "c"])
_OWNS = st.builds(
    Own,
    st.fixed_dictionaries(dict.fromkeys(FIELDS, st.none() | _WORDS)),
    st.just(LifetimeValue()) | st.builds(LifetimeValue, st.integers(-5, 5), st.sampled_from(["PLN", "EUR"])),
    st.frozensets(_WORDS),
    st.frozensets(_WORDS),
)


@given(_OWNS, _OWNS)
def test_undoing_a_merge_restores_the_survivor(survivor: Own, merged: Own) -> None:
    got = brought(survivor, merged)
    together = with_brought(survivor, got)
    for name, value in survivor.fields.items():
        assert value is None or together.fields[name] == value
    assert together.tags == survivor.tags | merged.tags
    assert taken_back(together, got, []) == (survivor, [])


@given(_OWNS, _OWNS, _OWNS)
def test_two_merges_are_undone_in_either_order(survivor: Own, one: Own, other: Own) -> None:
    first = brought(survivor, one)
    with_one = with_brought(survivor, first)
    second = brought(with_one, other)
    with_both = with_brought(with_one, second)
    left, (more,) = taken_back(with_both, first, [other])
    assert left.tags == survivor.tags | other.tags
    assert left.groups == survivor.groups | other.groups
    # What the other brings by now is all that is taken back with it.
    both = second.tags + more.tags, second.groups + more.groups, {**second.fields, **more.fields}
    again = type(second)(both[2], both[0], both[1], second.value, second.currency)
    at_last, _ = taken_back(left, again, [])
    assert (at_last.tags, at_last.groups, at_last.fields) == (survivor.tags, survivor.groups, survivor.fields)


def contact(*emails: str, **fields: object) -> Contact:
    points = tuple(ContactPoint(PointKind.EMAIL, value) for value in emails)
    return Contact("x", AT, AT, points=points, **fields)  # type: ignore[arg-type]


def reasons(one: Contact, other: Contact) -> tuple[Reason, ...]:
    found, reverse = likeness(one, other), likeness(other, one)
    assert found == reverse
    return () if found is None else found.reasons


def test_who_looks_like_one_person() -> None:
    born, later = {"birthdate": "1980-02-29"}, {"birthdate": "1980-03-01"}
    home = (Group("g", GroupKind.HOUSEHOLD, "Nowak"),)
    mail = "a+x@example.com"
    assert reasons(contact(mail), contact(mail)) == (Reason.SAME_POINT, Reason.SAME_MAILBOX)
    assert reasons(contact(mail), contact("a@example.com")) == (Reason.SAME_MAILBOX,)
    assert reasons(contact(mail), contact("ab@example.com")) == ()
    assert reasons(contact(name="Anna Łąk"), contact(name="Lak Anna")) == ()
    named = contact(name="Anna Łąk", attributes=born)
    assert reasons(named, contact(name="Lak Anna", attributes=born)) == (Reason.SAME_NAME_AND_BIRTHDATE,)
    assert reasons(contact(mail, attributes=born), contact(mail, attributes=later)) == ()
    pole, german = ({"name": "Anna Łąk", "postcode": "00-001", "country": c} for c in ("PL", "DE"))
    assert reasons(contact(**pole), contact(name="anna lak", postcode="00001")) == (
        Reason.SAME_NAME_AND_POSTCODE,
    )
    assert reasons(contact(**pole), contact(**german)) == ()
    assert reasons(contact(name="Anna", postcode="1"), contact(name="Anna", postcode="1")) == ()
    one = contact(name="Anna Łąk", groups=home)
    assert reasons(one, one) == (Reason.SAME_NAME_AND_GROUP,)


def test_more_signs_are_surer() -> None:
    one = contact("a@example.com", name="Anna Łąk", postcode="1")
    two = likeness(one, contact("a+x@example.com", name="Anna Łąk", postcode="1"))
    assert two is not None
    assert (two.reasons, two.sureness) == ((Reason.SAME_MAILBOX, Reason.SAME_NAME_AND_POSTCODE), 0.985)


def test_payments_make_a_value() -> None:
    value = after_payment(LifetimeValue(), 500, "PLN", AT)
    assert value == LifetimeValue(500, "PLN")
    assert after_payment(value, -100, "PLN", AT).amount == 400
    assert after_payment(value, 100, "EUR", AT) == value
    said = LifetimeValue(900, "PLN", AT)
    assert after_payment(said, 100, "PLN", AT) == said, "it is in what the source said"
