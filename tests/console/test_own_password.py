"""Changing one's own password, as a browser meets it."""

from __future__ import annotations

import pytest

from console.accounts.credentials import digest
from engine.registers.access import Role
from tests.console.offices import PASSWORD, Office

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
