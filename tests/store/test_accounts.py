"""People, sessions, tokens and the audit log, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from engine.registers.access import Role, Scope
from engine.registers.accounts import Accounts, KnownPassword, Person, Token, checked_name
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditFilter, AuditNote
from engine.registers.refusals import Changed, Missing, Refused
from engine.sign_in_backoff import wait_seconds
from store.store import Store
from tests.conftest import HandClock

ADMIN = Actor(ActorKind.PERSON, "p-admin", "10.0.0.7")
SHELL = Actor(ActorKind.COMMAND, "root")


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return store.accounts


async def added(
    accounts: Accounts, clock: HandClock, name: str, role: Role = Role.ADMIN, *, hashed: str = "hash"
) -> Person:
    person = Person(f"p-{name.lower()}", name, role, clock.now(), clock.now())
    return await accounts.people.add(SHELL, person, hashed)


async def begun(accounts: Accounts, clock: HandClock, person: Person, digest: str) -> None:
    known = await accounts.people.known(person.id)
    await accounts.sessions.begin(Actor(ActorKind.PERSON, person.id), digest, known, clock.now())


async def actions(accounts: Accounts, subject: str) -> list[str]:
    entries = await accounts.audit.entries(AuditFilter(subject=subject), limit=100)
    return [entry.note.action for entry in reversed(entries)]


async def test_a_person_is_found_by_their_name_in_any_case(accounts: Accounts, clock: HandClock) -> None:
    assert not await accounts.people.any()
    anna = await added(accounts, clock, "Łucja Anna")
    assert await accounts.people.any()
    assert await accounts.people.any_admin()
    for typed in ("łucja anna", "ŁUCJA  ANNA ", "Łucja\u00a0Anna"):
        assert await accounts.people.named(typed) == KnownPassword(anna, "hash")
    assert await accounts.people.named("Lucja Anna") is None
    with pytest.raises(Refused, match="somebody named ŁUCJA ANNA already") as refused:
        await accounts.people.add(
            SHELL, Person("p-2", "ŁUCJA ANNA", Role.AGENT, clock.now(), clock.now()), ""
        )
    assert refused.value.field == "name"
    with pytest.raises(Missing, match="no person p-9"):
        await accounts.people.get("p-9")
    assert await actions(accounts, "person:p-łucja anna") == ["person.added"]


@pytest.mark.parametrize("name", ["", "   ", "a" * 81, "a\x00b", "a\nb\u202e", "\ud800"])
def test_a_name_can_be_read(name: str) -> None:
    with pytest.raises(Refused, match="1 to 80 characters"):
        checked_name(name)


async def test_people_are_listed_page_by_page(accounts: Accounts, clock: HandClock) -> None:
    for name in ("C", "A", "B"):
        await added(accounts, clock, name)
    first = await accounts.people.list(limit=2)
    rest = await accounts.people.list(limit=2, after=first[-1].id)
    assert [person.id for person in (*first, *rest)] == ["p-a", "p-b", "p-c"]


async def test_who_changes_a_person_names_the_version_they_saw(accounts: Accounts, clock: HandClock) -> None:
    anna = await added(accounts, clock, "Anna")
    await added(accounts, clock, "Jan")
    changed = await accounts.people.change_role(ADMIN, anna.id, Role.MANAGER, clock.now(), anna.version)
    assert (changed.role, changed.version) == (Role.MANAGER, 2)
    with pytest.raises(Changed) as refused:
        await accounts.people.change_role(ADMIN, anna.id, Role.AGENT, clock.now(), anna.version)
    assert refused.value.version == 2
    assert (await accounts.people.get(anna.id)).role is Role.MANAGER
    entries = await accounts.audit.entries(AuditFilter(subject="person:p-anna"), limit=1)
    assert entries[0].note == AuditNote(
        clock.now(), ADMIN, "person.role_changed", "person:p-anna", {"from": "admin", "to": "manager"}
    )


async def test_the_last_admin_stays(accounts: Accounts, clock: HandClock) -> None:
    anna = await added(accounts, clock, "Anna")
    await added(accounts, clock, "Jan", Role.AGENT)
    with pytest.raises(Refused, match="last admin"):
        await accounts.people.disable(ADMIN, anna.id, clock.now())
    with pytest.raises(Refused, match="last admin"):
        await accounts.people.change_role(ADMIN, anna.id, Role.MANAGER, clock.now())
    await accounts.people.change_role(ADMIN, "p-jan", Role.ADMIN, clock.now())
    await accounts.people.disable(ADMIN, anna.id, clock.now())
    assert (await accounts.people.get(anna.id)).disabled_at == clock.now()


async def test_two_admins_who_disable_each_other_do_not_both_succeed(
    accounts: Accounts, clock: HandClock
) -> None:
    for name in ("A", "B", "C", "D"):
        await added(accounts, clock, name)
    disabling = (accounts.people.disable(ADMIN, who, clock.now()) for who in ("p-a", "p-b", "p-c", "p-d"))
    done = await asyncio.gather(*disabling, return_exceptions=True)
    assert [type(one) for one in done].count(Refused) == 1
    assert await accounts.people.any_admin()


@pytest.mark.parametrize("change", ["role", "password", "disable"])
async def test_a_change_of_rights_ends_the_sessions(
    accounts: Accounts, clock: HandClock, change: str
) -> None:
    await added(accounts, clock, "Anna")
    jan = await added(accounts, clock, "Jan")
    await begun(accounts, clock, jan, "digest")
    assert (await accounts.sessions.find("digest", clock.now(), renew=True)) is not None
    match change:
        case "role":
            await accounts.people.change_role(ADMIN, jan.id, Role.AGENT, clock.now())
        case "password":
            await accounts.people.change_password(ADMIN, jan.id, "new", clock.now())
        case _:
            await accounts.people.disable(ADMIN, jan.id, clock.now())
            await accounts.people.enable(ADMIN, jan.id, clock.now())
    assert await accounts.sessions.find("digest", clock.now(), renew=True) is None


async def test_no_session_begins_with_a_password_of_before(accounts: Accounts, clock: HandClock) -> None:
    """It was right when it was looked at, and was changed before the session began."""
    anna = await added(accounts, clock, "Anna", hashed="old")
    known = await accounts.people.known(anna.id)
    await accounts.people.change_password(ADMIN, anna.id, "new", clock.now())
    with pytest.raises(Missing, match="changed meanwhile"):
        await accounts.sessions.begin(ADMIN, "digest", known, clock.now())
    await accounts.people.rehash(anna.id, "old", "rehashed")
    assert (await accounts.people.known(anna.id)).password_hash == "new"


async def test_a_session_ends_when_nobody_uses_it_and_after_a_week(
    accounts: Accounts, clock: HandClock
) -> None:
    anna = await added(accounts, clock, "Anna")
    await begun(accounts, clock, anna, "idle")
    await begun(accounts, clock, anna, "used")
    clock.pass_seconds(12 * 3600 - 1)
    assert await accounts.sessions.find("used", clock.now(), renew=True)
    assert await accounts.sessions.find("idle", clock.now(), renew=False)
    clock.pass_seconds(1)
    assert await accounts.sessions.find("used", clock.now(), renew=True)
    assert await accounts.sessions.find("idle", clock.now(), renew=True) is None
    for _ in range(13):  # six and a half days more, never idle for long
        clock.pass_seconds(12 * 3600 - 61)
        assert await accounts.sessions.find("used", clock.now(), renew=True)
    clock.pass_seconds(7 * 24 * 3600 - (14 * 12 * 3600 - 13 * 61) - 1)
    assert await accounts.sessions.find("used", clock.now(), renew=True)
    clock.pass_seconds(1)
    assert await accounts.sessions.find("used", clock.now(), renew=True) is None


async def test_a_session_is_ended_once(accounts: Accounts, clock: HandClock) -> None:
    anna = await added(accounts, clock, "Anna")
    await begun(accounts, clock, anna, "digest")
    for _ in range(2):
        await accounts.sessions.end(ADMIN, "digest", clock.now())
    assert await accounts.sessions.find("digest", clock.now(), renew=True) is None
    assert await actions(accounts, "person:p-anna") == ["person.added", "session.began", "session.ended"]


# --- back-off ---------------------------------------------------------------------------------------------


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    assert [wait_seconds("name:x", n) for n in (1, 4, 5, 6, 7, 12, 13, 5000)] == [
        0, 0, 5, 10, 20, 640, 900, 900,
    ]  # fmt: skip
    assert [wait_seconds("address:x", n) for n in (20, 21, 22)] == [0, 5, 10]


async def test_wrong_passwords_make_everybody_wait_for_that_name(
    accounts: Accounts, clock: HandClock
) -> None:
    anna, jan = ("name:anna", "address:10.0.0.7"), ("name:jan", "address:10.0.0.7")
    for _ in range(5):
        assert await accounts.attempts.try_password(anna, clock.now()) == 0
    assert await accounts.attempts.try_password(anna, clock.now()) == 5
    assert await accounts.attempts.try_password(("name:anna", "address:10.9.9.9"), clock.now()) == 5
    assert await accounts.attempts.try_password(jan, clock.now()) == 0
    clock.pass_seconds(4)
    assert await accounts.attempts.try_password(anna, clock.now()) == 1
    clock.pass_seconds(1)
    assert await accounts.attempts.try_password(anna, clock.now()) == 0  # the sixth, and wrong again
    assert await accounts.attempts.try_password(anna, clock.now()) == 10
    clock.pass_seconds(10)
    assert await accounts.attempts.try_password(anna, clock.now()) == 0
    await accounts.attempts.password_was_right(anna, clock.now())
    for _ in range(4):
        assert await accounts.attempts.try_password(anna, clock.now()) == 0


async def test_one_address_is_slowed_whatever_the_names(accounts: Accounts, clock: HandClock) -> None:
    waits = [
        await accounts.attempts.try_password((f"name:{n}", "address:10.0.0.7"), clock.now())
        for n in range(23)
    ]
    assert waits == [0] * 21 + [5, 5]
    assert await accounts.attempts.try_password(("name:0", "address:10.0.0.8"), clock.now()) == 0


async def test_a_right_password_takes_back_one_of_the_address_alone(
    accounts: Accounts, clock: HandClock
) -> None:
    """Else an attacker with a name of their own would make room for guesses at other names."""
    for n in range(20):
        await accounts.attempts.try_password((f"name:{n}", "address:10.0.0.7"), clock.now())
    own = ("name:own", "address:10.0.0.7")
    for _ in range(3):
        assert await accounts.attempts.try_password(own, clock.now()) == 0
        await accounts.attempts.password_was_right(own, clock.now())
    assert await accounts.attempts.try_password(("name:x", "address:10.0.0.7"), clock.now()) == 0
    assert await accounts.attempts.try_password(("name:y", "address:10.0.0.7"), clock.now()) == 5


async def test_wrong_passwords_are_forgotten_after_a_day(accounts: Accounts, clock: HandClock) -> None:
    keys = ("name:anna", "address:10.0.0.7")
    for _ in range(5):
        await accounts.attempts.try_password(keys, clock.now())
    clock.pass_seconds(24 * 3600)
    waits = [await accounts.attempts.try_password(keys, clock.now()) for _ in range(6)]
    assert waits == [0, 0, 0, 0, 0, 5]


async def test_many_tries_at_once_get_no_more_than_one_by_one(accounts: Accounts, clock: HandClock) -> None:
    keys = ("name:anna", "address:10.0.0.7")
    waits = await asyncio.gather(*(accounts.attempts.try_password(keys, clock.now()) for _ in range(30)))
    assert sorted(waits) == [0] * 5 + [5] * 25


# --- tokens -----------------------------------------------------------------------------------------------


def token(clock: HandClock, id: str = "t1", **more: object) -> Token:
    given: dict[str, object] = {
        "scopes": frozenset({Scope.CONTACTS_READ, Scope.CALLS_READ}),
        "expires_at": clock.now() + timedelta(days=1),
        "networks": ("10.0.0.0/24",),
    }
    return Token(
        id, "crm", "inf_abcd", created_at=clock.now(), created_by="command:root", **{**given, **more}
    )  # type: ignore[arg-type]


async def test_a_token_is_valid_until_it_expires(accounts: Accounts, clock: HandClock) -> None:
    made = await accounts.tokens.add(ADMIN, token(clock), "digest")
    assert await accounts.tokens.get("t1") == made
    clock.pass_seconds(24 * 3600 - 1)
    found = await accounts.tokens.find("digest", clock.now())
    assert found == made
    assert (await accounts.tokens.get("t1")).used_at == clock.now()
    clock.pass_seconds(1)
    assert await accounts.tokens.find("digest", clock.now()) is None
    assert await accounts.tokens.find("other", clock.now()) is None


async def test_a_revoked_token_is_over_at_once(accounts: Accounts, clock: HandClock) -> None:
    await accounts.tokens.add(ADMIN, token(clock), "digest")
    revoked = await accounts.tokens.revoke(ADMIN, "t1", clock.now())
    clock.pass_seconds(9)
    assert await accounts.tokens.revoke(ADMIN, "t1", clock.now()) == revoked
    assert await accounts.tokens.find("digest", clock.now()) is None
    with pytest.raises(Missing, match="no token t2"):
        await accounts.tokens.revoke(ADMIN, "t2", clock.now())
    assert await actions(accounts, "token:t1") == ["token.added", "token.revoked"]


async def test_use_is_noted_once_a_minute(accounts: Accounts, clock: HandClock) -> None:
    await accounts.tokens.add(ADMIN, token(clock), "digest")
    first = clock.now()
    for passed, noted in ((0, first), (59, first), (1, first + timedelta(seconds=60))):
        clock.pass_seconds(passed)
        await accounts.tokens.find("digest", clock.now())
        assert (await accounts.tokens.get("t1")).used_at == noted


# --- audit ------------------------------------------------------------------------------------------------


async def test_the_audit_log_is_filtered_and_paged(accounts: Accounts, clock: HandClock) -> None:
    start = clock.now()
    other = Actor(ActorKind.TOKEN, "t1", "10.0.0.9")
    notes = []
    for number in range(4):
        at = start + timedelta(minutes=number)
        notes.append(AuditNote(at, ADMIN, "contact.seen", f"contact:{number}", {"n": number}))
        notes.append(AuditNote(at, other, "contact.changed", "contact_list:1"))
    await accounts.audit.add(notes)

    async def subjects(wanted: AuditFilter) -> list[str]:
        return [entry.note.subject for entry in await accounts.audit.entries(wanted, limit=100)]

    assert await subjects(AuditFilter(subject="contact:2")) == ["contact:2"]
    assert await subjects(AuditFilter(subject="contact:")) == [f"contact:{n}" for n in (3, 2, 1, 0)]
    assert await subjects(AuditFilter(actor="t1")) == ["contact_list:1"] * 4
    assert await subjects(AuditFilter(action="contact.seen", since=start + timedelta(minutes=3))) == [
        "contact:3"
    ]
    assert await subjects(AuditFilter(actor="p-admin", until=start + timedelta(minutes=1))) == ["contact:0"]
    first = await accounts.audit.entries(AuditFilter(), limit=5)
    rest = await accounts.audit.entries(AuditFilter(), limit=5, before=first[-1].number)
    assert [entry.note for entry in (*first, *rest)] == notes[::-1]


async def test_a_change_that_is_undone_leaves_no_note(accounts: Accounts, clock: HandClock) -> None:
    anna = await added(accounts, clock, "Anna")
    with pytest.raises(Refused):
        await accounts.people.disable(ADMIN, anna.id, clock.now())
    assert await actions(accounts, "person:p-anna") == ["person.added"]
