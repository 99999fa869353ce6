"""Signing in and out and the back-off, as a browser meets them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from console.accounts.credentials import digest, new_session
from console.accounts.pages import safe_path
from console.accounts.passwords import Passwords
from console.accounts.sign_in import MustWait, SignIn, WrongPassword
from engine.registers.access import Role
from engine.registers.accounts import Person
from engine.seen_notes import SeenNotes
from store.store import Store
from tests.conftest import HandClock
from tests.console.offices import PASSWORD, SHELL, Office
from tests.console.stage import Stage


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


@pytest.mark.parametrize(
    "header", [b"Content-Transfer-Encoding: none-such", b"no header", b"X: " + b"x" * 9000]
)
async def test_a_broken_part_of_a_form_is_told(office: Office, header: bytes) -> None:
    await office.add("Anna")
    body = b'--x\r\nContent-Disposition: form-data; name="name"\r\n' + header + b"\r\n\r\nAnna\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await office.client.post("/sign-in", data=body, headers=kind)
    assert (answer.status, "cannot be read" in await answer.text()) == (400, True)


async def test_a_lone_surrogate_in_a_form_is_told(office: Office) -> None:
    await office.add("Anna")
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=unicode_escape"}
    answer = await office.client.post("/sign-in", data=b"name=\\ud800", headers=kind)
    assert (answer.status, "cannot be read" in await answer.text()) == (400, True)


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
