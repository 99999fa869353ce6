"""A process that makes one forecast and ends; what it is to make comes on its standard input, as JSON.

It is apart from the hotline, so that no calculation disturbs a call. It writes JSON lines: {stage, done, of}
as it goes, and {kept} or {error} at the end; what it made is then in the database.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import uvloop

from engine.forecasts import ForecastPlace
from engine.ports import StoreUnavailable
from engine.registers.refusals import Missing
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.forecasting.making import forecast_of
from store.database import StoreError

_NICE = 10
# Who waits at a page rather has fewer days than none.
_MOST_SECONDS = 900.0


async def _main(order: dict[str, Any]) -> None:
    def progress(stage: str, done: int, of: int) -> None:
        _write({"stage": stage, "done": done, "of": of})

    try:
        made = await forecast_of(
            _configuration(order),
            order["campaign"],
            agents=order["agents"],
            days=order["days"],
            changes=order["changes"],
            place=ForecastPlace(order["place"]),
            by=order["by"],
            most_seconds=_MOST_SECONDS,
            progress=progress,
        )
    except (ConfigurationRejected, StoreError, StoreUnavailable, Missing, ValueError) as problem:
        _write({"error": str(problem)})
        return
    _write({"kept": made.campaign})


def _configuration(order: dict[str, Any]) -> Configuration:
    """As the hotline that asks has it: its file, or the defaults in its folder, over its own database."""
    if order["file"] is not None:
        return load_configuration(Path(order["file"])).model_copy(update={"database": order["database_url"]})
    return Configuration(
        folder=Path(order["folder"]), database=order["database_url"], state=Path(order["state"])
    )


def _write(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.nice(_NICE)
    uvloop.run(_main(json.loads(sys.stdin.readline())))
