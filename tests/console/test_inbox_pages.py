"""The inbox: what waits, who has it, taken over and assigned with a reason; and refusals in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from html import unescape
from pathlib import Path

import pytest

from engine.registers.access import Role
from store.store import Store
from tests.conftest import HandClock
from tests.console.desk_stage import StagedDesks
from tests.console.dialogue_stage import Dialogues, staged_dialogues
from tests.console.offices import Office, open_office
from tests.console.stage import Stage
from tests.patience import patient


@pytest.fixture
async def dialogues(
    stage: Stage, desks: StagedDesks, tmp_path: Path, make_store: Callable[..., Store], clock: HandClock
) -> AsyncIterator[Dialogues]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with staged_dialogues(stage, desks, store, clock) as staged:
        yield staged


@pytest.fixture
async def inbox(stage: Stage, desks: StagedDesks, dialogues: Dialogues) -> AsyncIterator[Office]:
    desks.people = {"p-anna": "anna", "p-ewa": "ewa"}
    async with open_office(stage, dialogues.store) as office:
        await office.add("Ewa", Role.SUPERVISOR)
        await office.add("Anna", Role.AGENT)
        assert (await office.sign_in("Ewa")).status == 303
        yield office


async def key_of(dialogues: Dialogues, text: str = "Where is my order?") -> str:
    await dialogues.comes(text)
    async with asyncio.timeout(patient(10)):
        while not (owed := await dialogues.store.dialogues.owed("here")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return owed[0].id


async def shown(office: Office, path: str, status: int = 200) -> str:
    answer = await office.page(path)
    assert answer.status == status, path
    return unescape(await answer.text())


async def test_who_waits_is_listed_by_queue_and_agent(inbox: Office, dialogues: Dialogues) -> None:
    assert "Nothing here" in await shown(inbox, "/inbox")
    key = await key_of(dialogues)
    page = await shown(inbox, "/inbox")
    assert f'href="/inbox/{key}"' in page
    assert "Unknown person" in page
    assert "The oldest waits since" in page
    assert key in await shown(inbox, "/inbox?queue=deliveries&agent=-")
    assert key not in await shown(inbox, "/inbox?queue=payments")
    assert key not in await shown(inbox, "/inbox?view=closed")
    await shown(inbox, "/inbox?view=nonsense", 400)
    await shown(inbox, "/inbox?after=nonsense", 400)
    await shown(inbox, "/inbox/nonsense", 404)


async def test_a_supervisor_takes_over_answers_assigns_and_closes_each_with_a_reason(
    inbox: Office, dialogues: Dialogues
) -> None:
    key = await key_of(dialogues)
    csrf = await inbox.csrf()

    async def send(what: str, status: int, **fields: str) -> str:
        answer = await inbox.post(f"/inbox/{key}/{what}", {"csrf": csrf, **fields})
        assert answer.status == status, what
        return unescape(await answer.text())

    assert "Write why" in await send("take", 422)
    await send("take", 303, reason="a complaint")
    assert (await dialogues.store.dialogues.get(key)).agent == "ewa"
    assert "Write 1 to" in await send("answer", 409, text="  ", sent="0")
    await send("answer", 422, text="a\0b")
    await send("answer", 303, text="I am sorry.", sent="0")
    assert "I am sorry." in await shown(inbox, f"/inbox/{key}?done=answered")
    assert "no such agent or queue" in await send("give", 409, to="agent:nobody", reason="x")
    await send("give", 422, to="nonsense", reason="x")
    await send("give", 303, to="agent:anna", reason="she knows them")
    assert (await dialogues.store.dialogues.get(key)).agent == "anna"
    await send("close", 303, reason="settled", disposition="sale")
    assert "closed" in await send("close", 409, reason="again")
    assert await inbox.told(f"dialogue:{key}") == [
        "dialogue.taken_over",
        "dialogue.given",
        "dialogue.closed",
    ]


async def test_agents_do_not_see_the_inbox_but_have_their_own_part(
    inbox: Office, dialogues: Dialogues
) -> None:
    dialogues.here()
    key = await key_of(dialogues)
    assert (await inbox.sign_in("Anna")).status == 303
    assert (await inbox.page("/inbox")).status == 403
    csrf = await inbox.csrf()
    async with asyncio.timeout(patient(10)):
        while key not in await shown(inbox, "/desk/written"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def send(what: str, status: int, **fields: str) -> dict[str, str]:
        answer = await inbox.post(
            f"/desk/written-{what}", {"csrf": csrf, "dialogue": key, **fields}, {"Accept": "application/json"}
        )
        assert answer.status == status, what
        told: dict[str, str] = await answer.json()
        return told

    await send("take", 200)
    assert "somebody else" in (await send("take", 409))["error"]
    assert (await send("length", 200, text="ż" * 71))["said"] == "2 parts, 71 characters"
    assert "characters" in (await send("answer", 409, text="x" * 2001, sent="0"))["error"]
    await send("answer", 400, text="On its way.")
    for _ in "12":  # pressed twice, or sent again by the network
        told = await send("answer", 200, text="On its way.", sent="0")
        assert told["done"] == "The answer is on its way."
    kept = await dialogues.store.dialogues.get(key)
    assert kept.answers == 1
    await send("give", 400, to="nowhere")
    assert (await send("close", 200, disposition=""))["done"] == "Closed."
