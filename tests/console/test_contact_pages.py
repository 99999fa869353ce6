"""/contacts and /contacts/ID over a real store: what is seen, found, changed, refused and told."""

from __future__ import annotations

from engine.registers.access import Role
from tests.console.offices import Office
from tests.console.people import add_anna
from tests.console.stage import Stage


async def test_a_contact_is_listed_and_shown(office: Office, stage: Stage) -> None:
    assert stage.people is not None
    anna = await add_anna(stage.people)
    await office.add("Jan", Role.SUPERVISOR)
    await office.sign_in("Jan")
    listed = await (await office.page("/contacts")).text()
    assert f'href="/contacts/{anna.id}"' in listed
    assert "+48 600 000 001" in await (await office.page(f"/contacts/{anna.id}")).text()
