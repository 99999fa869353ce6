"""The worker that tells webhooks, wired."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack
from datetime import timedelta

from channels.webhooks import HttpWebhookSender
from console.metrics import Metrics
from engine.health import Health
from engine.ports import Clock, Ids
from engine.webhooks.delivery import DeliveryLimits, WebhookDelivery
from infolinia.configuration import Configuration
from store.store import Store


async def tell_webhooks(
    configuration: Configuration,
    store: Store,
    clock: Clock,
    ids: Ids,
    health: Health,
    metrics: Metrics,
    stack: AsyncExitStack,
) -> None:
    """Deliver from now on, until the stack ends."""
    settings = configuration.webhooks
    sender = HttpWebhookSender(private_networks=settings.private_networks, limit_seconds=settings.timeout)
    await sender.start()
    stack.push_async_callback(sender.close)
    delivery = WebhookDelivery(
        store.delivery_queue(f"{configuration.node}:{ids.new()}"),
        sender,
        clock=clock,
        chance=random.random,
        health=health,
        limits=DeliveryLimits(pause_after=timedelta(days=settings.pause_after_days)),
        counted=lambda state: metrics.delivery_tried(state.value),
    )
    metrics.watch_deliveries(delivery.waiting)
    delivery.start()
    stack.push_async_callback(delivery.close)
