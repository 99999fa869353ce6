"""One question to a service of the company: asked, noted, and its failure told."""

from __future__ import annotations

import structlog

from calls.events import CallEventKind
from engine.errand_log import ErrandLog
from engine.ports import Clock, ServiceFailed, Services
from ivr.commands import Fetch
from ivr.events import Finished

log = structlog.get_logger(__name__)


async def fetch(errand: Fetch, *, services: Services, clock: Clock, call_log: ErrandLog) -> Finished:
    """Ask and note it in the call's log. "failed" for whatever goes wrong."""
    began = clock.monotonic()
    note: dict[str, object] = {
        "service": errand.service,
        "method": errand.method.lower(),
        "path": errand.logged_path or errand.path,
    }
    try:
        reply = await services.ask(
            errand.service,
            errand.method.lower(),
            errand.path,
            errand.body,
            timeout_seconds=errand.timeout_seconds,
        )
    except ServiceFailed as failed:
        # Neither path nor body: they hold what the caller said.
        log.warning(
            "a service failed",
            call=call_log.call.id,
            service=errand.service,
            status=failed.status,
            why=str(failed),
        )
        note |= {"status": failed.status, "seconds": _since(began, clock), "error": str(failed)}
        finished = Finished(errand.work_id, "failed")
    else:
        note |= {"status": reply.status, "seconds": _since(began, clock)}
        finished = Finished(errand.work_id, "next", {"reply": reply.value})
    await call_log.write(CallEventKind.FETCHED, note)
    return finished


def _since(began: float, clock: Clock) -> float:
    return round(clock.monotonic() - began, 3)
