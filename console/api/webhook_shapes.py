"""Webhooks and deliveries as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.shapes import Time, no_default
from engine.registers.webhooks import Delivery, DeliveryState, Webhook, WebhookState
from history.publication import Kind


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not value.isascii() or any(c <= " " or c in '"<>\\^`{|}\x7f' for c in value):
        raise ValueError("Write an address such as https://example.com/hooks.")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("Leave out a user, a password and what follows #; deliveries are signed.")
    return value


def _kinds(value: tuple[Kind, ...]) -> tuple[Kind, ...]:
    if Kind.WEBHOOK_PING in value:
        raise ValueError("webhook.ping is sent by the test alone; leave it out.")
    return tuple(dict.fromkeys(value))


Url = Annotated[
    str,
    Field(
        min_length=8,
        max_length=2000,
        description="http or https. Redirects are not followed. Private networks are refused unless the "
        "configuration allows them.",
        examples=["https://example.com/hooks"],
    ),
    AfterValidator(_url),
]
Kinds = Annotated[
    tuple[Kind, ...],
    Field(max_length=len(Kind), description="The kinds of events that are told; none means all."),
    AfterValidator(_kinds),
]
Description = Annotated[str, Field(max_length=500, description="For people.")]


class NewWebhook(Shape):
    url: Url
    kinds: Kinds = ()
    description: Description = ""


class WebhookPatch(Shape):
    url: Url = Field(default="", json_schema_extra=no_default)
    kinds: Kinds = Field(default=(), json_schema_extra=no_default)
    description: Description = Field(default="", json_schema_extra=no_default)
    state: WebhookState = Field(
        default=WebhookState.ACTIVE,
        json_schema_extra=no_default,
        description="Nothing is queued for a paused webhook. Activating it forgets its failures; what was "
        "told meanwhile can be replayed.",
    )


class WebhookShape(Shape):
    id: str
    url: str
    kinds: list[Kind]
    description: str
    state: WebhookState
    state_reason: Annotated[str, Field(description="Why it was paused by itself; else empty.")]
    created_at: Time
    changed_at: Time
    old_secret_until: Annotated[Time | None, Field(description="Until then two secrets sign.")]
    failing_since: Annotated[Time | None, Field(description="It has taken nothing since then.")]
    retry_at: Annotated[Time | None, Field(description="It is left alone until then.")]
    last_error: str | None
    delivered_at: Annotated[Time | None, Field(description="When it last took something, to the minute.")]


class WebhookWithSecret(WebhookShape):
    secret: Annotated[str, Field(description="Shown this once. It verifies X-Infolinia-Signature.")]


class WebhookPage(Shape):
    items: list[WebhookShape]
    next: str | None


class Rotation(Shape):
    old_secret_hours: Annotated[
        int, Field(ge=0, le=168, description="How long deliveries are signed with the old secret too.")
    ] = 24


class EventRef(Shape):
    """Which event; its data is under /events."""

    number: int
    id: str
    kind: Kind
    subject: str
    sequence: int
    at: Time


class DeliveryShape(Shape):
    id: str
    webhook_id: str
    state: DeliveryState
    attempts: int
    created_at: Time
    next_at: Annotated[Time | None, Field(description="When it is due, while it waits.")]
    ended_at: Time | None
    last_error: str | None
    event: Annotated[EventRef | None, Field(description="Null once it is no longer kept.")]


class DeliveryPage(Shape):
    items: list[DeliveryShape]
    next: str | None


class DeliveryQuery(PageQuery):
    state: Annotated[DeliveryState | None, Field(description="Only deliveries in this state.")] = None


class Replay(Shape):
    since: Annotated[Time, Field(description="All that was told since then is delivered again.")]


class Replayed(Shape):
    replayed: int


def _members(webhook: Webhook) -> dict[str, Any]:
    members = {name: getattr(webhook, name) for name in WebhookShape.model_fields}
    return {**members, "kinds": [Kind(kind) for kind in webhook.kinds]}


def webhook_shape(webhook: Webhook) -> WebhookShape:
    return WebhookShape(**_members(webhook))


def with_secret(webhook: Webhook, secret: str) -> WebhookWithSecret:
    return WebhookWithSecret(**_members(webhook), secret=secret)


def delivery_shape(delivery: Delivery) -> DeliveryShape:
    told = delivery.told
    waits = delivery.state is DeliveryState.WAITING
    return DeliveryShape(
        id=delivery.id,
        webhook_id=delivery.webhook_id,
        state=delivery.state,
        attempts=delivery.attempts,
        created_at=delivery.created_at,
        next_at=delivery.next_at if waits else None,
        ended_at=delivery.ended_at,
        last_error=delivery.last_error,
        event=None
        if told is None
        else EventRef(
            number=told.number,
            id=told.id,
            kind=Kind(told.kind),
            subject=told.subject,
            sequence=told.sequence,
            at=told.at,
        ),
    )
