"""Signing in and out, passwords, sessions and the back-off, as a browser meets them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from console.accounts.credentials import csrf_of, digest, is_token, new_session, new_token
from console.accounts.pages import safe_path
from console.accounts.passwords import MOST_WAITING, PasswordRefused, Passwords, TooBusy, check_new
from console.accounts.sign_in import MustWait, SignIn, WrongPassword
from engine.ports import StoreUnavailable
from engine.registers.access import Role
from engine.registers.accounts import Person
from engine.registers.refusals import Refused
from engine.seen_notes import MOST_WAITING as MOST_NOTES
from engine.seen_notes import SeenNotes
from store.store import Store
from tests.conftest import HandClock
from tests.console.offices import PASSWORD, SHELL, Office
from tests.console.stage import PHONE, Stage, order_call

# --- passwords --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("x" * 11, "short"),
        ("correct hor", "short"),
        ("e\u0301" * 6, "short"),  # six letters, however they are composed
        ("aaaaaaaaaaaa", "easy"),
        ("Anna Example", "easy"),
        ("x1y2" * 51, "long"),
    ],
)
def test_a_password_that_nobody_may_choose(password: str, why: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        check_new(password, "Anna Example")
    assert (refused.value.why, refused.value.field) == (why, "password")


@pytest.mark.parametrize("password", ["correct hors", "пароль длинный", "1234 5678 90ab", "y1x2" * 50])
def test_a_password_that_may_be_chosen(password: str) -> None:
    check_new(password, "Anna")


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(passes=1, memory_kib=64)


async def test_a_password_is_the_same_however_its_letters_are_composed(passwords: Passwords) -> None:
    kept = await passwords.hash("zażółć gęślą")
    assert (await passwords.verify("zaz\u0307o\u0301łc\u0301 ge\u0328s\u0301la\u0328", kept)).right
    assert not (await passwords.verify("zazolc gesla", kept)).right
    assert not (await passwords.verify("\ud800", kept)).right


async def test_the_parameters_are_those_that_are_stated() -> None:
    kept = await Passwords().hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


async def test_a_password_is_hashed_anew_when_the_parameters_change(passwords: Passwords) -> None:
    kept = await passwords.hash(PASSWORD)
    assert (await passwords.verify(PASSWORD, kept)).new_hash is None
    today = Passwords(passes=2, memory_kib=64)
    verdict = await today.verify(PASSWORD, kept)
    assert verdict.right
    assert verdict.new_hash is not None
    assert "t=2" in verdict.new_hash
    assert (await today.verify("another password", kept)).new_hash is None


async def test_a_broken_hash_is_nobodys_password(passwords: Passwords) -> None:
    assert not (await passwords.verify(PASSWORD, "nonsense")).right


async def test_no_more_wait_than_can_be_served(passwords: Passwords) -> None:
    tries = [passwords.hash(PASSWORD) for _ in range(MOST_WAITING + 5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(one) for one in done].count(TooBusy) == 5


# --- secrets ----------------------------------------------------------------------------------------------


def test_a_token_is_told_from_what_is_none() -> None:
    made = {new_token() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(token) == 53 and token.startswith("inf_") and is_token(token) for token in made)
    token = made.pop()
    for wrong in (token[:-1], token + "0", token.swapcase(), "", "inf_", "inf_" + "ż" * 49, "x" + token[1:]):
        assert not is_token(wrong)


def test_a_sessions_csrf_token_is_its_own_and_does_not_tell_it() -> None:
    one, two = new_session(), new_session()
    assert len(one) == 43
    assert csrf_of(one) == csrf_of(one) != csrf_of(two)
    assert csrf_of(one) not in (one, digest(one))


# --- sign-in ----------------------------------------------------------------------------------------------


async def test_signing_in_and_out(office: Office, stage: Stage) -> None:
    await office.add("Anna")
    form = await (await office.page("/sign-in")).text()
    assert 'autocomplete="current-password"' in form
    assert "<script" not in form
    answer = await office.sign_in(" ANNA ")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    for mark in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert mark in cookie
    assert "Secure" not in cookie  # this machine's own plain http
    assert "Max-Age" not in cookie
    assert "Expires" not in cookie
    secret = office.cookie()
    assert secret is not None
    home = await (await office.page("/")).text()
    assert 'href="/account"' in home
    assert secret not in home
    assert (await office.page("/sign-in")).status == 303
    done = await office.post("/sign-out", {"csrf": await office.csrf()})
    assert (done.status, done.headers["Location"]) == (303, "/sign-in")
    assert (await office.page("/")).status == 303
    assert await office.accounts.sessions.find(digest(secret), office.clock.now(), renew=False) is None
    assert await office.told("person:p-anna") == ["person.added", "session.began", "session.ended"]


async def test_a_secure_cookie_beyond_this_machine(office: Office, stage: Stage) -> None:
    await office.add("Anna")
    stage.names = ("calls.example.com",)
    async with TestClient(TestServer(stage.application(), host="127.0.0.1")) as client:
        answer = await client.post(
            "/sign-in",
            data={"name": "Anna", "password": PASSWORD},
            headers={"Host": "calls.example.com"},
            allow_redirects=False,
        )
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-infolinia_session=")
    assert "Secure" in cookie


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/calls?before=i-1", "/calls?before=i-1"),
        ("//example.org/x", "/example.org/x"),
        ("/\\example.org", "/example.org"),
        ("https://example.org", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("/" + "a" * 600, "/"),
        ("", "/"),
    ],
)
async def test_after_signing_in_one_goes_on_within_the_console(
    office: Office, wanted: str, path: str
) -> None:
    assert safe_path(wanted) == path
    await office.add("Anna")
    answer = await office.sign_in("Anna", next=wanted)
    assert (answer.status, answer.headers["Location"]) == (303, path)


async def test_the_page_that_was_asked_for_comes_after_signing_in(office: Office) -> None:
    await office.add("Anna")
    led = await office.page("/calls?before=i-1")
    assert led.headers["Location"] == "/sign-in?next=%2Fcalls%3Fbefore%3Di-1"
    form = await (await office.page(led.headers["Location"])).text()
    assert 'name="next" value="/calls?before=i-1"' in form


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Anna", "wrong horse battery"),
        ("Nobody", PASSWORD),
        ("Anna", ""),
        ("", ""),
        ("Anna", "x" * 5000),
        ("A" * 5000, PASSWORD),
        ("Anna\x00", PASSWORD),
        ("<script>alert(1)</script>", PASSWORD),
    ],
)
async def test_a_wrong_name_or_password_is_told_in_one_sentence(
    office: Office, name: str, password: str
) -> None:
    await office.add("Anna")
    answer = await office.sign_in(name, password)
    text = await answer.text()
    assert answer.status == 401
    assert "The name or the password is wrong." in text
    assert "<script" not in text
    assert office.cookie() is None


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=none-such"]
)
@pytest.mark.parametrize("path", ["/sign-in", "/language"])
async def test_a_broken_form_is_told(office: Office, path: str, kind: str) -> None:
    await office.add("Anna")
    answer = await office.client.post(path, data=b"no form", headers={"Content-Type": kind})
    assert answer.status == 400


async def test_what_is_no_text_is_no_csrf_token(office: Office) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    answer = await office.client.post("/sign-out", headers={"X-CSRF-Token": "\udcff"})
    assert answer.status == 403


async def test_a_disabled_person_is_told_nothing_more(office: Office) -> None:
    anna = await office.add("Anna")
    await office.add("Jan")
    await office.accounts.people.disable(SHELL, anna.id, office.clock.now())
    answer = await office.sign_in("Anna")
    assert answer.status == 401
    assert "The name or the password is wrong." in await answer.text()


@pytest.mark.parametrize(
    ("language", "words"),
    [("pl", "Nazwa użytkownika lub hasło jest błędne."), ("ru", "Имя пользователя или пароль неверны.")],
)
async def test_the_form_speaks_the_browsers_language(office: Office, language: str, words: str) -> None:
    await office.add("Anna")
    office.headers["Accept-Language"] = language
    assert words in await (await office.sign_in("Anna", "wrong horse battery")).text()


async def test_a_planted_session_is_worth_nothing(office: Office) -> None:
    """Session fixation: the secret in the browser before signing in is not the one after it."""
    await office.add("Anna")
    planted = new_session()
    office.client.session.cookie_jar.update_cookies({"infolinia_session": planted})
    assert (await office.page("/")).status == 303
    await office.sign_in("Anna")
    assert office.cookie() != planted
    assert await office.accounts.sessions.find(digest(planted), office.clock.now(), renew=False) is None


async def test_signing_in_again_ends_the_session_before(office: Office) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    first = office.cookie()
    await office.sign_in("Anna")
    assert first is not None
    assert office.cookie() != first
    assert await office.accounts.sessions.find(digest(first), office.clock.now(), renew=False) is None


async def test_the_back_off_refuses_even_the_right_password(office: Office) -> None:
    await office.add("Anna")
    for _ in range(5):
        assert (await office.sign_in("Anna", "wrong horse battery")).status == 401
    answer = await office.sign_in("Anna")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
    assert "Try again in 5 seconds." in await answer.text()
    office.clock.at += timedelta(seconds=5)
    assert (await office.sign_in("Anna", "wrong horse battery")).status == 401
    assert (await office.sign_in("Anna")).headers["Retry-After"] == "10"
    office.clock.at += timedelta(seconds=10)
    await office.seen.flush()
    assert (await office.sign_in("Anna")).status == 303
    assert (await office.told("person:p-anna"))[1:] == ["session.refused"] * 6 + ["session.began"]


async def test_the_back_off_tells_minutes(office: Office) -> None:
    await office.add("Anna")
    for _ in range(11):
        await office.sign_in("Anna", "wrong horse battery")
        office.clock.at += timedelta(seconds=400)
    await office.sign_in("Anna", "wrong horse battery")
    answer = await office.sign_in("Anna")
    assert answer.headers["Retry-After"] == "640"
    assert "Try again in 11 minutes." in await answer.text()


async def test_a_name_that_nobody_has_is_slowed_alike(office: Office) -> None:
    await office.add("Anna")
    statuses = [(await office.sign_in("Nobody", "wrong horse battery")).status for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_many_wrong_passwords_at_once_cannot_beat_the_back_off(
    store: Store, clock: HandClock, passwords: Passwords
) -> None:
    """On SQLite and PostgreSQL: of thirty guesses at once five are looked at."""
    person = Person("p-anna", "Anna", Role.ADMIN, clock.now(), clock.now())
    await store.accounts.people.add(SHELL, person, await passwords.hash(PASSWORD))
    notes = SeenNotes(store.accounts.audit, clock)
    node, other_node = (SignIn(store.accounts, passwords, notes, clock) for _ in range(2))
    guesses = [
        (node if n % 2 else other_node).sign_in("Anna", f"wrong guess number {n}", f"10.0.{n}.1", None)
        for n in range(30)
    ]
    done = await asyncio.gather(*guesses, return_exceptions=True)
    kinds = [type(one) for one in done]
    assert (kinds.count(WrongPassword), kinds.count(MustWait)) == (5, 25)
    with pytest.raises(MustWait):
        await node.sign_in("Anna", PASSWORD, "10.9.9.9", None)


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    make_store: Callable[..., Store], tmp_path: Path, clock: HandClock
) -> None:
    """The ratio is printed; what is asserted leaves room for a busy machine."""
    store = make_store(f"sqlite:///{tmp_path}/timing.db")
    await store.start()
    passwords = Passwords()
    person = Person("p-anna", "Anna", Role.ADMIN, clock.now(), clock.now())
    await store.accounts.people.add(SHELL, person, await passwords.hash(PASSWORD))
    sign_in = SignIn(store.accounts, passwords, SeenNotes(store.accounts.audit, clock), clock)
    taken: dict[str, list[float]] = {"Anna": [], "Nobody": []}
    await passwords.verify(PASSWORD, None)  # the first makes the hash of nobody
    for n in range(4):
        for name, times in taken.items():
            begun = time.perf_counter()
            with pytest.raises(WrongPassword):
                await sign_in.sign_in(name, "wrong horse battery", f"10.0.{n}.1", None)
            times.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(times) for times in taken.values())
    print(
        f"wrong password {known * 1000:.0f} ms, unknown name {unknown * 1000:.0f} ms: {unknown / known:.2f}"
    )
    assert 0.4 < unknown / known < 2.5


# --- one's own password -----------------------------------------------------------------------------------

NEW = "another good password"


async def changed(office: Office, current: str, new: str, again: str | None = None) -> tuple[int, str]:
    form = {"current_password": current, "new_password": new, "new_password_again": again or new}
    answer = await office.post("/account/password", {**form, "csrf": await office.csrf()})
    return answer.status, await answer.text()


async def test_changing_ones_own_password_ends_all_other_sessions(office: Office) -> None:
    await office.add("Anna", Role.AGENT)
    await office.sign_in("Anna")
    elsewhere = office.cookie()
    office.client.session.cookie_jar.clear()
    await office.sign_in("Anna")
    here = office.cookie()
    status, _ = await changed(office, PASSWORD, NEW)
    assert status == 303
    assert "The password is changed." in await (await office.page("/account?done=password")).text()
    for before in (elsewhere, here):
        assert before is not None
        assert await office.accounts.sessions.find(digest(before), office.clock.now(), renew=False) is None
    assert (await office.sign_in("Anna")).status == 401
    assert (await office.sign_in("Anna", NEW)).status == 303
    assert "person.password_changed" in await office.told("person:p-anna")


@pytest.mark.parametrize(
    ("current", "new", "again", "says"),
    [
        (PASSWORD, NEW, NEW + "x", "The two new passwords differ."),
        (PASSWORD, "short", "short", "too short: at least 12 characters"),
        (PASSWORD, "x" * 201, "x" * 201, "too long: at most 200 characters"),
        (PASSWORD, "aaaaaaaaaaaa", "aaaaaaaaaaaa", "too easy to guess"),
        ("wrong horse battery", NEW, NEW, "The current password is wrong."),
    ],
)
async def test_a_change_that_is_refused_says_why(
    office: Office, current: str, new: str, again: str, says: str
) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    status, text = await changed(office, current, new, again)
    assert status == 422
    assert says in text
    assert (await office.page("/account")).status == 200


async def test_guessing_the_current_password_is_slowed_too(office: Office) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    statuses = [(await changed(office, "wrong horse battery", NEW))[0] for _ in range(6)]
    assert statuses == [422] * 5 + [429]


# --- sessions that go on ----------------------------------------------------------------------------------


async def test_pages_that_fetch_by_themselves_keep_no_session_alive(office: Office) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    office.clock.at += timedelta(hours=11)
    assert (await office.page("/parts/health")).status == 200
    office.clock.at += timedelta(hours=1)
    assert (await office.page("/parts/health")).status == 401
    await office.sign_in("Anna")
    office.clock.at += timedelta(hours=11)
    assert (await office.page("/")).status == 200
    office.clock.at += timedelta(hours=11)
    assert (await office.page("/")).status == 200


async def test_an_open_page_is_told_that_its_session_ended(
    office: Office, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.event_stream.HEARTBEAT_SECONDS", 0.05)
    await office.add("Jan")
    anna = await office.add("Anna")
    await office.sign_in("Anna")
    async with asyncio.timeout(20):
        stream = await office.client.get("/events")
        assert stream.status == 200
        assert b"event: clock" in await stream.content.readline()
        await office.accounts.people.disable(SHELL, anna.id, office.clock.now())
        stage.clock.at += timedelta(seconds=60)
        rest = await stream.content.read()
    assert rest.rstrip().endswith(b"event: signed-out\ndata: -")


# --- while the database is away ---------------------------------------------------------------------------


def break_database(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    for register in (office.accounts.people, office.accounts.sessions, office.accounts.attempts):
        for method in ("any", "find", "named", "try_password"):
            if hasattr(register, method):
                monkeypatch.setattr(register, method, away)


async def test_those_who_are_there_go_on_while_the_database_is_away(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await office.add("Anna", Role.AGENT)
    await office.sign_in("Anna")
    assert (await office.page("/parts/health")).status == 200
    break_database(office, monkeypatch)
    assert (await office.page("/parts/health")).status == 200
    assert (await office.page("/calls")).status == 403
    office.clock.at += timedelta(seconds=901)
    assert (await office.page("/parts/health")).status == 503
    office.client.session.cookie_jar.clear()
    assert (await office.page("/parts/health")).status == 401
    answer = await office.sign_in("Anna")
    assert answer.status == 503
    assert "The database does not answer." in await answer.text()


async def test_open_pages_stay_open_while_the_database_is_away(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await office.page("/parts/health")).status == 200
    break_database(office, monkeypatch)
    assert (await office.page("/parts/health")).status == 200


async def test_nothing_is_open_before_the_database_was_asked_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_database(office, monkeypatch)
    assert (await office.page("/parts/health")).status == 503
    assert (await office.page("/sign-in")).status == 200


# --- notes of what was seen -------------------------------------------------------------------------------


class AuditThatIsAway:
    def __init__(self) -> None:
        self.away = True
        self.written: list[str] = []

    async def add(self, notes: list[object]) -> None:
        if self.away:
            raise StoreUnavailable("gone")
        self.written += [note.subject for note in notes]  # type: ignore[attr-defined]


async def test_notes_wait_for_the_database_and_then_reading_stops(clock: HandClock) -> None:
    audit = AuditThatIsAway()
    seen = SeenNotes(audit, clock)  # type: ignore[arg-type]
    seen.note(SHELL, "contact.seen", [f"contact:{n}" for n in range(MOST_NOTES)])
    await seen.flush()
    with pytest.raises(StoreUnavailable):
        seen.note(SHELL, "contact.seen", ["contact:more"])
    audit.away = False
    await seen.flush()
    assert audit.written == [f"contact:{n}" for n in range(MOST_NOTES)]
    seen.note(SHELL, "contact.seen", ["contact:more"])


async def test_a_graceful_end_loses_no_note(clock: HandClock) -> None:
    audit = AuditThatIsAway()
    audit.away = False
    seen = SeenNotes(audit, clock, flush_seconds=3600)  # type: ignore[arg-type]
    await seen.start()
    seen.note(SHELL, "contact.seen", ["contact:1"])
    await seen.close()
    await seen.close()
    assert audit.written == ["contact:1"]


async def test_notes_are_written_within_a_second(clock: HandClock) -> None:
    audit = AuditThatIsAway()
    audit.away = False
    seen = SeenNotes(audit, clock, flush_seconds=0.01)  # type: ignore[arg-type]
    await seen.start()
    seen.note(SHELL, "contact.seen", ["contact:1"])
    async with asyncio.timeout(5):
        while not audit.written:  # noqa: ASYNC110 (another task writes it)
            await asyncio.sleep(0.01)
    await seen.close()


async def test_a_page_of_a_call_is_not_shown_when_it_cannot_be_noted(
    office: Office, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.queries.add(order_call(), PHONE)
    await office.add("Anna")
    await office.sign_in("Anna")
    office.seen.note(SHELL, "contact.seen", [f"contact:{n}" for n in range(MOST_NOTES)])
    answer = await office.page("/calls/c1")
    assert answer.status == 503
    assert "+48 22 000 01 42" not in await answer.text()


def test_refusals_of_passwords_are_refusals_of_a_field() -> None:
    assert issubclass(PasswordRefused, Refused)
