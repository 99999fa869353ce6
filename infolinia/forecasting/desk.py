"""ForecastDesk: forecasts that the API and the pages ask for, each made and kept by a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from engine.forecasts import ForecastBusy, ForecastOrder, ForecastState, KeptForecast
from engine.ports import Clock
from engine.registers.campaign_forecasts import CampaignForecasts
from infolinia.configuration import Configuration

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 3600.0
_END_SECONDS = 5.0
_MOST_KNOWN = 100


class ForecastDesk:
    """Implements engine.forecasts.Forecasts."""

    def __init__(self, configuration: Configuration, clock: Clock, kept: CampaignForecasts) -> None:
        self._configuration = configuration
        self._clock = clock
        self._kept = kept
        # By campaign, the one that is being made, or that ended without a result.
        self._known: dict[str, KeptForecast] = {}
        self._making: tuple[str, asyncio.Task[None]] | None = None

    async def begin(self, campaign: str, order: ForecastOrder) -> KeptForecast:
        if self._making is not None:
            if self._making[0] != campaign:
                raise ForecastBusy(
                    f"A forecast of campaign {self._making[0]} is being made: ask again once it is done."
                )
            return self._known[campaign]
        begun = KeptForecast(campaign, order, self._clock.now())
        self._known.pop(campaign, None)
        self._known[campaign] = begun
        while len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        task = asyncio.create_task(self._make(begun), name=f"forecast of {campaign}")
        self._making = campaign, task
        return begun

    async def latest(self, campaign: str) -> KeptForecast | None:
        known = self._known.get(campaign)
        if known is None or known.ended_at is None:
            return known or await self.done(campaign)
        done = await self.done(campaign)
        later = done is not None and done.ended_at is not None and done.ended_at > known.ended_at
        return done if later else known

    async def done(self, campaign: str) -> KeptForecast | None:
        return await self._kept.latest(campaign)

    async def cancel(self, campaign: str) -> KeptForecast | None:
        if self._making is not None and self._making[0] == campaign:
            await self._give_up()
        return await self.latest(campaign)

    async def close(self) -> None:
        """What is being made is given up. Idempotent."""
        await self._give_up()

    async def _give_up(self) -> None:
        if self._making is None:
            return
        campaign, task = self._making
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if self._making is not None and self._making[1] is task:  # it had not begun
            self._end(campaign, {"state": ForecastState.CANCELLED})

    async def _make(self, begun: KeptForecast) -> None:
        ended: dict[str, Any] = {"state": ForecastState.CANCELLED}
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                ended = await self._carry_out(begun)
        except TimeoutError:
            ended = _failed(f"It took more than {LONGEST_SECONDS / 60:g} minutes: ask for fewer days.")
        except Exception:
            log.exception("a forecast could not be made", campaign=begun.campaign)
            ended = _failed("A fault of the program; its log says which.")
        finally:
            self._end(begun.campaign, ended)

    def _end(self, campaign: str, changes: dict[str, Any]) -> None:
        self._making = None
        if changes["state"] is ForecastState.DONE:
            del self._known[campaign]  # its process has kept it
        else:
            self._known[campaign] = replace(self._known[campaign], ended_at=self._clock.now(), **changes)

    async def _carry_out(self, begun: KeptForecast) -> dict[str, Any]:
        """How it ended."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "infolinia.forecasting.process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C at the hotline's terminal comes through us
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        try:
            process.stdin.write(json.dumps(self._order(begun)).encode() + b"\n")
            process.stdin.close()
            ended: dict[str, Any] | None = None
            while line := await process.stdout.readline():
                ended = self._told(begun.campaign, json.loads(line)) or ended
            await process.wait()
            if ended is None:
                log.error("the process of a forecast died", code=process.returncode, told=await errors)
                ended = _failed("Its process died; the hotline's log says how.")
            return ended
        finally:
            if process.returncode is None:
                process.kill()
                async with asyncio.timeout(_END_SECONDS):
                    await process.wait()
            await errors

    def _order(self, begun: KeptForecast) -> dict[str, Any]:
        configuration = self._configuration
        return {
            "file": None if configuration.file is None else str(configuration.file),
            "folder": str(configuration.folder),
            "state": str(configuration.place(configuration.state)),
            "database_url": configuration.database_url,
            "campaign": begun.campaign,
            "agents": begun.order.agents,
            "days": begun.order.days,
            "changes": list(begun.order.changes),
            "place": begun.order.place.value,
            "by": begun.order.by,
        }

    def _told(self, campaign: str, told: dict[str, Any]) -> dict[str, Any] | None:
        """How it ended, if the line says so."""
        if "kept" in told:
            return {"state": ForecastState.DONE}
        if "error" in told:
            return _failed(told["error"])
        self._known[campaign] = replace(
            self._known[campaign], stage=told["stage"], done=told["done"], of=told["of"]
        )
        return None


def _failed(error: str) -> dict[str, Any]:
    return {"state": ForecastState.FAILED, "error": error}
