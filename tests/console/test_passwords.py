"""Passwords and secrets: which may be chosen, how they are kept and told."""

from __future__ import annotations

import asyncio

import pytest

from console.accounts.credentials import csrf_of, digest, is_token, new_session, new_token
from console.accounts.passwords import MOST_WAITING, PasswordRefused, Passwords, TooBusy, check_new
from engine.registers.refusals import Refused
from tests.console.offices import PASSWORD

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


def test_refusals_of_passwords_are_refusals_of_a_field() -> None:
    assert issubclass(PasswordRefused, Refused)


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
