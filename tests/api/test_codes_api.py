"""One-time codes over the API: sent in a message, compared, used up; nobody but the person is told one."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

import pytest
from sqlalchemy import text

from compliance.facts import Channel
from engine.registers.messages import MessageFilter, Move
from messaging.states import MessageState
from store.database import create_engine, database_url
from tests.api.serving import RunningApi, both_databases, problem
from tests.conftest import HandClock

ANNA = {"kind": "phone", "value": "+48600000001"}


async def sent(api: RunningApi, **more: object) -> tuple[dict[str, Any], str]:
    """The API's answer, and the code that the message holds."""
    reply = await api.token("codes:write").post("/codes", {"to": ANNA, **more})
    assert reply.status == 201, reply.raw
    message = await api.store.messages.get(reply.json["message_id"])
    found = re.match(r"[0-9A-Z]+", message.text)
    assert found is not None
    return reply.json, found[0]


async def entered(api: RunningApi, id: str, code: str) -> tuple[str, int]:
    reply = await api.token("codes:write").post(f"/codes/{id}/check", {"code": code})
    assert reply.status == 200, reply.raw
    return reply.json["verdict"], reply.json["attempts_left"]


async def went_out(api: RunningApi, message_id: str) -> None:
    queue, now = api.store.message_queue("w1"), api.parts.clock.now()
    await queue.claim(Channel.SMS, limit=10, lease_seconds=30)
    for state in (MessageState.SENDING, MessageState.ACCEPTED):
        await queue.move([Move(message_id, state, now, provider="one")])


@both_databases
async def test_a_right_code_is_right_once_and_checks_its_message(api: RunningApi) -> None:
    told, code = await sent(api, language="pl")
    assert (len(code), told["length"], told["attempts_left"], told["used_at"]) == (6, 6, 5, None)
    message = await api.store.messages.get(told["message_id"])
    assert message.text.startswith(f"{code} to Twój kod.")
    assert message.priority < 0
    await went_out(api, message.id)
    assert await entered(api, told["id"], "nonsense") == ("wrong", 4)
    assert await entered(api, told["id"], f" {code[:3]}-{code[3:]} ") == ("right", 0)
    assert await entered(api, told["id"], code) == ("used", 0)
    checked = await api.store.messages.get(message.id)
    assert checked.state is MessageState.CHECKED
    assert checked.text == "… to Twój kod. Jest ważny 10 min. Nikomu go nie podawaj."


@both_databases
async def test_nothing_that_is_kept_after_sending_tells_the_code(api: RunningApi, api_url: str) -> None:
    told, code = await sent(api, length=10, letters=True)
    await went_out(api, told["message_id"])
    engine = create_engine(database_url(api_url))
    tables = ("messages", "one_time_codes", "interactions", "publications", "outbox", "idempotency_keys")
    async with engine.connect() as connection:
        for table in tables:
            rows = (await connection.execute(text(f"SELECT * FROM {table}"))).all()
            assert code not in str(rows), table
    await engine.dispose()


@both_databases
async def test_what_is_kept_of_a_check_does_not_tell_the_code(api: RunningApi, api_url: str) -> None:
    client = api.token()
    sent = (await client.post("/codes", {"to": {"kind": "phone", "value": "+48600000009"}}, key="s")).json
    path, body = f"/codes/{sent['id']}/check", {"code": "123456"}
    await client.post(path, body, key="c")
    again = await client.post(path, body, key="c")
    assert again.headers["Idempotency-Replayed"] == "true"
    engine = create_engine(database_url(api_url))
    async with engine.connect() as connection:
        chosen = text("SELECT digest FROM idempotency_keys WHERE path LIKE '%/check'")
        (digest,) = (await connection.execute(chosen)).scalars()
    await engine.dispose()
    for written in (json.dumps(body), json.dumps(body, separators=(",", ":"))):
        guessed = f"/api/v1{path}\n{written}".encode()
        assert digest not in (hashlib.sha256(guessed).hexdigest(), hmac.digest(b"", guessed, "sha256").hex())


@both_databases
async def test_another_code_makes_the_former_wrong(
    api: RunningApi, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.at = api.parts.clock.now()
    for part in (api.parts.codes, api.parts.gate):
        monkeypatch.setattr(part, "_clock", clock)
    client = api.token("codes:write")
    told, code = await sent(api, length=8, letters=True)
    path = f"/codes/{told['id']}/resend"
    assert "in 60 s" in problem(await client.post(path), 422, "refused")["detail"]
    assert await entered(api, told["id"], "0" * 8) == ("wrong", 4)
    former, codes = told["message_id"], [code]
    for _ in range(2):
        clock.pass_seconds(60)
        reply = await client.post(path)
        assert reply.status == 200, reply.raw
        again = reply.json
        assert (again["id"], again["attempts_left"], again["expires_at"] > told["expires_at"]) == (
            told["id"],
            4,
            True,
        )
        assert (await api.store.messages.get(former)).state is MessageState.STOPPED
        former = again["message_id"]
        codes.append((await api.store.messages.get(former)).text[:8])
    clock.pass_seconds(60)
    assert "too often" in problem(await client.post(path), 422, "refused")["detail"]
    assert len(set(codes)) == 3
    assert await entered(api, told["id"], codes[1]) == ("wrong", 3)
    assert await entered(api, told["id"], codes[2]) == ("right", 0)
    problem(await client.post("/codes/none/resend"), 404, "not-found")
    for _ in range(2):
        await sent(api)
    problem(await client.post("/codes", {"to": ANNA}), 422, "refused")  # each that was sent counts


@both_databases
async def test_after_so_many_wrong_ones_none_is_right(api: RunningApi) -> None:
    told, code = await sent(api, attempts=2)
    wrong = "0" * 6 if code != "0" * 6 else "1" * 6
    assert await entered(api, told["id"], wrong) == ("wrong", 1)
    assert await entered(api, told["id"], wrong) == ("too_often", 0)
    assert await entered(api, told["id"], code) == ("too_often", 0)
    problem(await api.token("codes:write").post("/codes/none/check", {"code": "1"}), 404, "not-found")


@both_databases
async def test_one_number_gets_few_codes_and_only_safe_ones(api: RunningApi) -> None:
    client = api.token("codes:write")
    wrong = await client.post("/codes", {"to": ANNA, "length": 4, "attempts": 20})
    assert "can be guessed" in problem(wrong, 422, "refused")["detail"]
    wrong = await client.post("/codes", {"to": ANNA, "template": "none"})
    assert wrong.wrong_fields == ["body.template"]
    wrong = await client.post("/codes", {"to": ANNA, "channel": "email"})
    assert wrong.wrong_fields == ["body.to"]
    problem(await api.token("calls:write").post("/codes", {"to": ANNA}), 403, "forbidden")
    for _ in range(5):
        await sent(api)
    problem(await client.post("/codes", {"to": ANNA}), 422, "refused")
    page = await api.store.messages.list(MessageFilter())
    assert len(page.items) == 5
