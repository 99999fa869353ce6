"""Run as a program: starts Asterisk as an engine does, tells its process id, and waits to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.house import Ports, asterisk_installation, asterisk_settings


async def main(folder: str, first_port: str) -> None:
    from asterisk.process import AsteriskProcess

    process = AsteriskProcess(
        asterisk_settings(Path(folder), Ports(int(first_port))), asterisk_installation()
    )
    await process.start()
    print(process.pid, flush=True)
    await asyncio.sleep(60)


asyncio.run(main(*sys.argv[1:]))
