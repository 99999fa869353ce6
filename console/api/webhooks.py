"""/webhooks: who is told of what; /deliveries: what became of each, and how it is sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import PageQuery, after_of, cursor_of, parts_of
from console.api.webhook_shapes import (
    DeliveryPage,
    DeliveryQuery,
    DeliveryShape,
    NewWebhook,
    Replay,
    Replayed,
    Rotation,
    WebhookPage,
    WebhookPatch,
    WebhookShape,
    WebhookWithSecret,
    delivery_shape,
    webhook_shape,
    with_secret,
)
from engine.ports import Clock, Ids
from engine.registers.webhooks import Deliveries, WebhookChange, Webhooks

_TAG = "webhooks"


class WebhooksApi:
    """`new_secret` makes a secret that nobody can guess."""

    def __init__(
        self,
        webhooks: Webhooks,
        deliveries: Deliveries,
        *,
        clock: Clock,
        ids: Ids,
        new_secret: Callable[[], str],
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._clock = clock
        self._ids = ids
        self._new_secret = new_secret

    def operations(self) -> tuple[Operation, ...]:
        def read(path: str, name: str, handler: Any, summary: str, **more: Any) -> Operation:
            return Operation(
                "GET", path, name, handler, summary, _TAG, Scope.WEBHOOKS_READ, Role.MANAGER, **more
            )

        def write(method: str, path: str, name: str, handler: Any, summary: str, **more: Any) -> Operation:
            return Operation(
                method, path, name, handler, summary, _TAG, Scope.WEBHOOKS_WRITE, Role.ADMIN, **more
            )

        one = "/webhooks/{webhook_id}"
        return (
            read("/webhooks", "list_webhooks", self.list, "Webhooks", query=PageQuery, answer=WebhookPage),
            write(
                "POST",
                "/webhooks",
                "create_webhook",
                self.create,
                "Tell an address of events",
                body=NewWebhook,
                answer=WebhookWithSecret,
                status=201,
                keyed=True,
            ),
            read(one, "get_webhook", self.get, "One webhook", answer=WebhookShape),
            write(
                "PATCH",
                one,
                "change_webhook",
                self.change,
                "Change, pause or activate a webhook",
                body=WebhookPatch,
                answer=WebhookShape,
                if_match=True,
            ),
            write("DELETE", one, "delete_webhook", self.delete, "Delete a webhook and what waits for it"),
            write(
                "POST",
                one + "/rotate",
                "rotate_webhook_secret",
                self.rotate,
                "Make a new secret",
                body=Rotation,
                answer=WebhookWithSecret,
                keyed=True,
            ),
            write(
                "POST",
                one + "/test",
                "test_webhook",
                self.test,
                "Send it a webhook.ping",
                answer=DeliveryShape,
                status=202,
                keyed=True,
            ),
            write(
                "POST",
                one + "/replay",
                "replay_webhook",
                self.replay_since,
                "Deliver again what was told since a time",
                description="Events are kept for 30 days.",
                body=Replay,
                answer=Replayed,
                keyed=True,
            ),
            read(
                one + "/deliveries",
                "list_deliveries",
                self.deliveries,
                "Deliveries, newest first",
                description="Delivered ones are kept for 7 days, dead ones for 30.",
                query=DeliveryQuery,
                answer=DeliveryPage,
            ),
            write(
                "POST",
                "/deliveries/{delivery_id}/replay",
                "replay_delivery",
                self.replay,
                "Deliver one again",
                answer=DeliveryShape,
                keyed=True,
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: PageQuery = asked.query
        after = None if query.cursor is None else parts_of(query.cursor, 1)[0]
        some = await self._webhooks.list(limit=query.limit + 1, after=after)
        shown = [webhook_shape(one) for one in some[: query.limit]]
        more = cursor_of(shown[-1].id) if len(some) > query.limit else None
        return Answer(WebhookPage(items=shown, next=more))

    async def create(self, asked: Asked) -> Answer:
        body: NewWebhook = asked.body
        secret = self._new_secret()
        made = await self._webhooks.create(
            asked.actor,
            self._ids.new(),
            url=body.url,
            kinds=[kind.value for kind in body.kinds],
            description=body.description,
            secret=secret,
            at=self._clock.now(),
        )
        headers = {"Location": f"/api/v1/webhooks/{made.id}"}
        return Answer(with_secret(made, secret), version=made.version, headers=headers)

    async def get(self, asked: Asked) -> Answer:
        found = await self._webhooks.get(asked.path["webhook_id"])
        return Answer(webhook_shape(found), version=found.version)

    async def change(self, asked: Asked) -> Answer:
        body: WebhookPatch = asked.body
        given = body.model_fields_set
        change = WebhookChange(
            url=body.url if "url" in given else None,
            kinds=tuple(kind.value for kind in body.kinds) if "kinds" in given else None,
            description=body.description if "description" in given else None,
            state=body.state if "state" in given else None,
        )
        changed = await self._webhooks.change(
            asked.actor, asked.path["webhook_id"], asked.if_match or 0, change, self._clock.now()
        )
        return Answer(webhook_shape(changed), version=changed.version)

    async def delete(self, asked: Asked) -> Answer:
        await self._webhooks.delete(asked.actor, asked.path["webhook_id"], self._clock.now())
        return Answer()

    async def rotate(self, asked: Asked) -> Answer:
        body: Rotation = asked.body
        now = self._clock.now()
        secret = self._new_secret()
        rotated = await self._webhooks.rotate(
            asked.actor,
            asked.path["webhook_id"],
            secret,
            old_until=now + timedelta(hours=body.old_secret_hours),
            at=now,
        )
        return Answer(with_secret(rotated, secret), version=rotated.version)

    async def test(self, asked: Asked) -> Answer:
        sent = await self._webhooks.ping(
            asked.actor, asked.path["webhook_id"], self._ids.new(), self._clock.now()
        )
        return Answer(delivery_shape(sent))

    async def replay_since(self, asked: Asked) -> Answer:
        body: Replay = asked.body
        number = await self._deliveries.replay_since(
            asked.actor, asked.path["webhook_id"], body.since, self._clock.now()
        )
        return Answer(Replayed(replayed=number))

    async def deliveries(self, asked: Asked) -> Answer:
        query: DeliveryQuery = asked.query
        after = after_of(query.cursor, "time", "id")
        before = None if after is None else (datetime.fromisoformat(after[0]), after[1])
        some = await self._deliveries.list(
            asked.path["webhook_id"],
            self._clock.now(),
            state=query.state,
            limit=query.limit + 1,
            before=before,
        )
        shown = some[: query.limit]
        more = cursor_of(shown[-1].created_at.isoformat(), shown[-1].id) if len(some) > query.limit else None
        return Answer(DeliveryPage(items=[delivery_shape(one) for one in shown], next=more))

    async def replay(self, asked: Asked) -> Answer:
        again = await self._deliveries.replay(asked.actor, asked.path["delivery_id"], self._clock.now())
        return Answer(delivery_shape(again))
