"""The engine dies between two lines of the log of an agent's own call: the customer is led on."""

from __future__ import annotations

from pathlib import Path

import pytest

from acd.talks import talk as asks
from acd.talks.talk import Target, TargetKind
from calls.call import fold
from calls.control import ChannelEnded
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from tests.engine.fake_network import channel
from tests.engine.stage import Stage
from tests.engine.test_manual_calls import CALLEE, speaks, stage_with_browser


async def died_behind(before: Stage, last: Kind, *, also: bool = True) -> Stage:
    """Another engine, which finds the call's log as it was with this last event, or just before it."""
    await before.crash()
    before.exchange.queues.close()
    written = before.ledger.log["m1"]
    del written[[event.kind for event in written].index(last) + also :]
    before.ledger.calls["m1"] = fold(written)
    return stage_with_browser(before.folder, after=before)


@pytest.mark.parametrize(
    ("ending", "last", "flow"),
    [
        ("queue", Kind.TALK_ENDED, "waiting-in-orders"),
        ("queue", Kind.TRANSFERRED, "waiting-in-orders"),
        ("queue", Kind.FLOW_STARTED, "waiting-in-orders"),
        ("flow", Kind.TALK_ENDED, "front"),
        ("lost", Kind.TALK_ENDED, "cut-off"),
    ],
)
async def test_a_customer_is_led_on_when_the_engine_dies_before_it_has_begun_that(
    tmp_path: Path, ending: str, last: Kind, flow: str
) -> None:
    before = stage_with_browser(tmp_path)
    leg = await speaks(before)
    if ending == "lost":
        before.control.tell(ChannelEnded(leg, 41))
    else:
        target = Target(TargetKind(ending), "orders" if ending == "queue" else "front")
        await before.switchboard.act("m1", "anna", asks.Transfer(target))
    await before.until(lambda: bool(before.ledger.of_kind("m1", Kind.FLOW_STARTED)))
    stage = await died_behind(before, last)
    alive = [CALLEE] if last is Kind.FLOW_STARTED else [CALLEE, leg]
    await stage.connect(*(channel(one, dialled="s", answered=True) for one in alive))
    await stage.until(lambda: bool(stage.ledger.of_kind("m1", Kind.STEP_ENTERED)))
    assert {told["flow"] for told in stage.ledger.of_kind("m1", Kind.FLOW_STARTED)} == {flow}
    ended = [one for one, _ in stage.control.asked("hang_up")]
    assert ended == alive[1:], "whoever is left on the line is no part of it"
    stage.control.tell(ChannelEnded(CALLEE, 16))
    assert (await stage.over("m1")).data["ended_by"] == "caller"
    await stage.switchboard.close()


async def test_who_answered_is_connected_when_the_engine_dies_before_it_has_done_so(tmp_path: Path) -> None:
    before = stage_with_browser(tmp_path)
    leg = await speaks(before)
    stage = await died_behind(before, Kind.ANSWERED)
    await stage.connect(channel(CALLEE, dialled="s", answered=True), channel(leg, dialled="s", answered=True))
    await stage.until(lambda: bool(stage.ledger.of_kind("m1", Kind.AGENT_CONNECTED)))
    view = stage.switchboard.talk_of("m1")
    assert view is not None
    assert view.phase is asks.TalkPhase.TALKING
    assert stage.one("m1", Kind.ANSWERED)
    stage.control.tell(ChannelEnded(leg, 16))
    assert (await stage.over("m1")).outcome == Outcome.COMPLETED
    await stage.switchboard.close()


@pytest.mark.parametrize("told", [True, False])
async def test_an_agent_whom_the_log_knows_as_lost_has_not_hung_up(tmp_path: Path, told: bool) -> None:
    before = stage_with_browser(tmp_path)
    leg = await speaks(before)
    before.control.tell(ChannelEnded(leg, 41))
    await before.until(lambda: Kind.AGENT_LOST in before.ledger.kinds("m1"))
    stage = await died_behind(before, Kind.AGENT_LOST, also=told)
    await stage.connect(channel(CALLEE, dialled="s", answered=True))
    await stage.until(lambda: bool(stage.control.words()))
    assert stage.control.words() == ["We are sorry, our colleague's line was cut off. Goodbye."]
    assert (await stage.over("m1")).data["ended_by"] == "flow"
    await stage.switchboard.close()
