"""The API used by a client that was made of its own document, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.api.generated_client import GeneratedClient, generate, importable
from tests.api.serving import RunningApi


@pytest.fixture
async def client(api: RunningApi, tmp_path: Path) -> AsyncIterator[GeneratedClient]:
    folder = tmp_path / "made"
    folder.mkdir()
    document = (await api.stranger().get("/api/openapi.json")).raw
    said = await asyncio.to_thread(generate, document, folder)
    assert "WARNING" not in said, said
    token = api.token().headers["Authorization"].removeprefix("Bearer ")
    with importable(folder):
        made = GeneratedClient(folder, f"{api.url}/api/v1", token)
        yield made
        await made.close()


async def test_a_generated_client_works_with_the_api(api: RunningApi, client: GeneratedClient) -> None:
    assert client.operations() == {operation.name for operation in api.api.operations}
    contact_id = await contacts(client)
    await interactions(client, contact_id)
    await permissions(client, contact_id)
    await webhooks(client)


async def contacts(client: GeneratedClient) -> str:
    models = client.models
    points = [models.NewPoint(kind=models.PointKind.PHONE, value="600 000 001")]
    anna = models.NewContact(points=points, name="Anna", language="pl", tags=["vip"])
    made = await client("create_contact", body=anna, idempotency_key="c-1")
    assert made.status_code == 201
    assert made.parsed.points[0].value == "+48600000001"
    again = await client("create_contact", body=anna, idempotency_key="c-1")
    assert (again.parsed.id, again.headers["Idempotency-Replayed"]) == (made.parsed.id, "true")
    jan = await client("create_contact", body=models.NewContact(name="Jan"))
    first = await client("list_contacts", limit=1)
    second = await client("list_contacts", limit=1, cursor=first.parsed.next_)
    assert {first.parsed.items[0].id, second.parsed.items[0].id} == {made.parsed.id, jan.parsed.id}
    changed = await client(
        "change_contact",
        made.parsed.id,
        body=models.ContactPatch(language="en"),
        if_match=made.headers["ETag"],
    )
    assert (changed.parsed.language, changed.parsed.name) == ("en", "Anna")
    stale = await client(
        "change_contact",
        made.parsed.id,
        body=models.ContactPatch(language="ru"),
        if_match=made.headers["ETag"],
    )
    assert (stale.status_code, stale.headers["ETag"]) == (412, changed.headers["ETag"])
    merged = await client(
        "merge_contact",
        made.parsed.id,
        body=models.MergeOrder(other=jan.parsed.id, reason="The same person."),
    )
    assert merged.status_code == 200, merged.content
    contact_id: str = made.parsed.id
    return contact_id


async def interactions(client: GeneratedClient, contact_id: str) -> None:
    models = client.models
    row = models.NewInteraction(
        at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        channel=models.NewInteractionChannel.EMAIL,
        direction=models.NewInteractionDirection.INBOUND,
        contact_id=contact_id,
        note="Asks after the invoice.",
        source="crm",
        external_id="m-1",
    )
    assert (await client("add_interaction", body=row)).status_code == 201
    timeline = await client("get_timeline", contact_id)
    assert [item.note for item in timeline.parsed.items] == ["Asks after the invoice."]
    found = await client("search_history", q="invoice")
    assert len(found.parsed.items) == 1


async def permissions(client: GeneratedClient, contact_id: str) -> None:
    models = client.models
    consent = models.NewConsent(channel=models.NewConsentChannel.SMS, purpose=models.Purpose.MARKETING)
    given = await client("give_consent", contact_id, body=consent)
    assert given.status_code == 201, given.content
    assert given.parsed.given
    withdrawn = await client("withdraw_consent", contact_id, body=models.Withdrawal())
    assert [item.given for item in withdrawn.parsed.items] == [False]
    objection = models.NewObjection(
        scope=models.NewObjectionScope.NUMBER, value="+48600000001", reason="asked"
    )
    assert (await client("add_objection", body=objection)).status_code == 201
    why = await client("explain_contact", contact_id)
    assert why.parsed.ways
    placed = await client(
        "place_call", body=models.NewCall(to="+48600000001", flow="hotline", purpose=models.Purpose.MARKETING)
    )
    assert placed.parsed.status in (409, 503)


async def webhooks(client: GeneratedClient) -> None:
    models = client.models
    url = "https://crm.example.com/hooks"
    made = await client("create_webhook", body=models.NewWebhook(url=url), idempotency_key="w-1")
    assert made.status_code == 201
    again = await client("create_webhook", body=models.NewWebhook(url=url), idempotency_key="w-1")
    assert again.parsed.id == made.parsed.id
    changed = await client(
        "change_webhook",
        made.parsed.id,
        body=models.WebhookPatch(description="CRM"),
        if_match=made.headers["ETag"],
    )
    assert changed.parsed.description == "CRM"
    stale = await client(
        "change_webhook",
        made.parsed.id,
        body=models.WebhookPatch(description="x"),
        if_match=made.headers["ETag"],
    )
    assert isinstance(stale.parsed, models.Problem)
    assert stale.parsed.status == 412
    listed = await client("list_webhooks", limit=10)
    assert [item.id for item in listed.parsed.items] == [made.parsed.id]
    wrong = await client("create_webhook", body=models.NewWebhook(url="nonsense"))
    assert [error.field for error in wrong.parsed.errors] == ["body.url"]
    assert (await client("delete_webhook", made.parsed.id)).status_code == 204
    assert (await client("get_webhook", made.parsed.id)).status_code == 404
