"""Run as a program: tells webhooks until it is killed. Arguments: the database, lease seconds."""

from __future__ import annotations

import asyncio
import os
import sys

from channels.webhooks import HttpWebhookSender
from engine.clock import SystemClock
from engine.webhooks.delivery import DeliveryLimits, WebhookDelivery
from store.database import create_engine, database_url
from store.delivery_queue import SqlDeliveryQueue


async def main(url: str, lease_seconds: str) -> None:
    clock = SystemClock()
    sender = HttpWebhookSender(private_networks=True)
    await sender.start()
    queue = SqlDeliveryQueue(create_engine(database_url(url)), clock, f"worker {os.getpid()}")
    limits = DeliveryLimits(lease_seconds=float(lease_seconds), look_seconds=0.05)
    WebhookDelivery(queue, sender, clock=clock, chance=lambda: 0.0, limits=limits).start()
    await asyncio.sleep(60)


asyncio.run(main(*sys.argv[1:]))
