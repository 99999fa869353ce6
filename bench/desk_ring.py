"""From the engine's offer to the ringing page: one agent's browser, rung and answered again and again.

`python -m bench.desk_ring` writes its part of docs/figures.md.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from asterisk.ari import AriAddress
from asterisk.control import AsteriskControl
from asterisk.media import MediaServer
from asterisk.settings import ARI_USER, BROWSER_ADDRESS, MEDIA_CLIENT
from bench.report import machine, machine_line, percentile, table, write
from calls.control import NetworkEvent
from console.phone_socket import PhoneSocket
from tests.browser_phone import (
    BrowserPhone,
    OnePerson,
    chromium_with,
    phone_application,
    phone_page,
    write_tone,
)
from tests.house import Ports, running_asterisk, take_ports

AIM_MS = 150
PHONE, PASSWORD = "anna", "a password of hers"
FIRST_PORT, LAST_PORT = 22200, 22400


@dataclass
class Rings:
    """Milliseconds of each ring."""

    rings: list[float] = field(default_factory=list)
    accepts: list[float] = field(default_factory=list)

    def row(self, what: str, values: Sequence[float]) -> list[str]:
        shown = (percentile(values, 0.5), percentile(values, 0.95), max(values))
        return [what, str(len(values)), *(f"{value:.0f}" for value in shown)]


@asynccontextmanager
async def agent(folder: Path, ports: Ports) -> AsyncIterator[tuple[AsteriskControl, BrowserPhone]]:
    """A page that has registered, and what rings it."""

    def hear(event: NetworkEvent) -> None:
        """Nothing is done: the page tells what is measured."""

    socket = PhoneSocket(f"ws://127.0.0.1:{ports.http}/ws", BROWSER_ADDRESS)
    runner = web.AppRunner(phone_application(OnePerson(), socket), shutdown_timeout=1)
    await runner.setup()
    port = ports.spare(20)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    microphone = write_tone(folder / "microphone.wav", 700)
    async with running_asterisk(folder, ports) as asterisk, chromium_with(microphone) as browser:
        secrets = asterisk.secrets
        media = MediaServer(ports.media, MEDIA_CLIENT, password=secrets.media_password)
        await media.start()
        address = AriAddress(f"http://127.0.0.1:{ports.http}", "infolinia", ARI_USER, secrets.ari_password)
        control = AsteriskControl(address, media, hear, recording_dir=asterisk.folders.spool / "recording")
        try:
            await control.start()
            await control.admit_phone(PHONE, PASSWORD)
            async with phone_page(browser, f"http://127.0.0.1:{port}") as page:
                await page.register(f"ws://127.0.0.1:{port}/phone", PHONE, PASSWORD)
                await page.hear("registered")
                await page.answers_at_once()
                yield control, page
        finally:
            await control.close()
            await media.close()
            await runner.cleanup()


async def measured(count: int) -> Rings:
    found = Rings()
    with tempfile.TemporaryDirectory() as folder, take_ports(FIRST_PORT, LAST_PORT) as ports:
        async with agent(Path(folder), ports) as (control, page):
            for number in range(count):
                leg = f"bench.leg.{number}"
                asked_ms = time.time() * 1000
                await control.ring_phone(
                    leg,
                    PHONE,
                    caller_id="+12025550101",
                    ring_seconds=10,
                    call_id="bench",
                    headers={"X-Call": leg},
                )
                await page.hear("accepted")
                at = await page.page.evaluate("at")
                found.rings.append(at["incoming"] - asked_ms)
                found.accepts.append(at["accepted"] - at["incoming"])
                await control.hang_up(leg)
                await page.hear("ended")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rings", type=int, default=50)
    rings: int = parser.parse_args().rings
    found = asyncio.run(measured(rings))
    facts = machine()
    p95 = percentile(found.rings, 0.95)
    lines = [
        found.row("offer to ringing page", found.rings),
        found.row("ringing page to accepted call", found.accepts),
    ]
    reached = "reached" if p95 <= AIM_MS else "**not reached**"
    text = (
        f"{machine_line(facts).replace('SIPp', 'Chromium')} One agent's page, rung {rings} times, "
        "each answered at once.\n\n"
        + table(("", "rings", "p50 ms", "p95 ms", "max ms"), lines)
        + f"\n\n- Offer to ringing page, p95 in ms: {p95:.0f} (aim ≤ {AIM_MS}): {reached}."
    )
    write("desk_ring", {"machine": facts, "ring_ms": found.rings, "accept_ms": found.accepts}, text)
    print(text)


if __name__ == "__main__":
    main()
