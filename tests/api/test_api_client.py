"""The API used by a client that was made of its own document, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
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
    await webhooks(client)


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
