"""What an engine that died leaves is dialled by the next one: nobody is called twice, nobody is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialer.lead import LeadState
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from engine.dialling.dialler import Dialler
from engine.ports import LoggedLeg
from tests.dialer.leads_and_calls import rules
from tests.engine.dialling_stage import Office, numbers, office, spring
from tests.virtual_time import ANCHOR


async def test_an_engine_that_died_calls_nobody_twice_and_loses_nobody(tmp_path: Path) -> None:
    later = await engine_after_a_death(tmp_path)
    began = later.stage.clock.monotonic()
    await later.until(lambda: all(one.ended_at is not None for one in later.books.attempts.values()))
    assert {one.result for one in later.books.attempts.values()} == {AttemptResult.INTERRUPTED}
    await later.until(lambda: all(x.state is LeadState.WAITING for x in later.books.leads.values()))
    for lead in later.books.leads.values():
        assert (lead.attempts, lead.reason.code) == (1, ReasonCode.INTERRUPTED)
    await later.until(lambda: bool(later.public.dialled), seconds=5000)
    assert later.stage.clock.monotonic() - began >= 3600  # as after an answer
    await later.until(lambda: sorted(later.public.dialled) == sorted(numbers(2)))
    await later.stop()


@pytest.mark.parametrize(
    ("leg", "result", "why"),
    [
        (
            LoggedLeg(answered_at=ANCHOR, ended_at=ANCHOR, cause=16),
            AttemptResult.INTERRUPTED,
            ReasonCode.INTERRUPTED,
        ),
        (LoggedLeg(answered_at=ANCHOR), AttemptResult.INTERRUPTED, ReasonCode.INTERRUPTED),
        (LoggedLeg(), AttemptResult.INTERRUPTED, ReasonCode.INTERRUPTED),  # Asterisk died too
        (LoggedLeg(ended_at=ANCHOR, cause=17), AttemptResult.BUSY, ReasonCode.RETRY),
        (LoggedLeg(ended_at=ANCHOR, cause=0), AttemptResult.NO_ANSWER, ReasonCode.RETRY),
        (LoggedLeg(ended_at=ANCHOR, cause=19), AttemptResult.NO_ANSWER, ReasonCode.RETRY),
        (LoggedLeg(ended_at=ANCHOR, cause=34), AttemptResult.CONGESTION, ReasonCode.NETWORK_TROUBLE),
    ],
)
async def test_asterisks_log_tells_what_became_of_a_dead_engines_call(
    tmp_path: Path, leg: LoggedLeg, result: AttemptResult, why: ReasonCode
) -> None:
    later = await engine_after_a_death(tmp_path, leg)
    await later.until(lambda: all(one.ended_at is not None for one in later.books.attempts.values()))
    for one in later.books.attempts.values():
        assert (one.result, one.answered_at is not None) == (result, leg.answered_at is not None)
        assert (later.books.leads[one.lead].state, later.books.leads[one.lead].reason.code) == (
            LeadState.WAITING, why,
        )  # fmt: skip
    await later.pass_by(60)
    assert later.public.dialled == []
    await later.stop()


async def engine_after_a_death(tmp_path: Path, leg: LoggedLeg | None = None) -> Office:
    """The one before died as two calls were on their way, of which Asterisk's log tells `leg`."""
    at = office(tmp_path)
    at.put(spring(retry=rules(answered=(3600, 3), no_answer=(900, 3), busy=(900, 3))), *numbers(2))
    at.public.deaf = True
    at.log_in("anna", "jan")
    at.start()
    await at.until(lambda: len(at.public.dialled) == 2)
    await at.crash()
    if leg is not None:
        at.stage.network_log.legs = {f"{call}.callee": leg for call in at.books.attempts}
    later = office(tmp_path, after=at)
    later.log_in("anna", "jan")
    later.start()
    await later.stage.connect()  # neither rings any more
    return later


async def test_what_was_written_and_never_dialled_is_called_at_once(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(), *numbers(1))
    at.log_in("anna")
    keep = at.stage.ledger.commit
    begun = False

    async def dies(changes: object, *, durable: bool = False) -> None:
        nonlocal begun
        if begun:
            await at.pass_by(1000)  # for ever: nothing more of this engine is written
        await keep(changes, durable=durable)  # type: ignore[arg-type]
        begun = bool(at.books.attempts)

    at.stage.ledger.commit = dies  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: bool(at.books.attempts))
    await at.crash()
    assert at.public.dialled == []
    later = office(tmp_path, after=at)
    later.log_in("anna")
    later.start()
    await later.stage.connect()
    await later.until(lambda: later.public.dialled == list(numbers(1)), seconds=60)
    await later.stop()


async def test_one_campaign_is_dialled_by_one_engine(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(), *numbers(4))
    at.log_in("anna")
    (tmp_path / "other").mkdir()
    other = office(tmp_path / "other", after=at, agents=("jan",))
    other.means = replace(other.means, exchange=replace(other.stage.exchange, node="there"))
    other.dialler = Dialler(other.means)
    other.log_in("jan")
    at.start()
    await at.until(lambda: bool(at.public.dialled))
    other.start()
    await at.pass_by(20)
    assert other.public.dialled == []
    assert (other.dialler.explain("autumn") or {})["why"] == "Another engine dials for it."
    await at.stop()
    await other.until(lambda: bool(other.public.dialled))
    assert not set(at.public.dialled) & set(other.public.dialled)
    await other.stop()
