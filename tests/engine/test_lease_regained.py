"""An engine that lost a campaign's lease and has it again: what another one dialled meanwhile counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from calls.events import CallEventKind as Kind
from engine.registers.campaigns import Lease
from tests.engine.dialling_stage import Fate, Office, numbers, office, spring


async def taken_away(at: Office) -> None:
    """Another engine has the lease for a minute."""
    fence, now = at.books.leases["autumn"].fence, at.stage.clock.now()
    at.books.leases["autumn"] = Lease("autumn", "there", fence + 1, now + timedelta(seconds=60))
    await at.until(lambda: "Another engine" in str((at.dialler.explain("autumn") or {})["why"]))


async def test_who_answers_when_the_lease_is_lost_is_given_an_agent(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(rings=20, holds=10)
    at.log_in("anna")
    at.start()
    await at.until(lambda: bool(at.books.attempts))
    await taken_away(at)
    (call,) = at.books.attempts
    await at.until(lambda: Kind.ENDED in at.stage.ledger.kinds(call))
    assert Kind.AGENT_CONNECTED in at.stage.ledger.kinds(call)
    assert Kind.NO_AGENT not in at.stage.ledger.kinds(call)
    await at.stop()


async def test_counters_are_read_anew_after_another_engine_has_dialled(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(), *numbers(40))
    at.public.usual = Fate(holds=10)
    at.log_in("anna")
    at.start()
    await at.until(lambda: len(at.books.attempts) == 2)
    await taken_away(at)
    now = at.stage.clock.now()
    known = next(iter(at.books.attempts.values()))
    for count in range(5):
        at.books.attempts[f"theirs-{count}"] = replace(
            known, id=f"theirs-{count}", node="there", answered_at=now, abandoned=True, ended_at=now
        )
    await at.until(lambda: at.books.leases["autumn"].owner != "there")
    await at.until(lambda: len(at.books.attempts) > 8)
    counted = (at.dialler.explain("autumn") or {})["counted"]
    assert counted["attempts"] == len(at.books.attempts)
    assert counted["abandoned"] == 5
    await at.stop()
