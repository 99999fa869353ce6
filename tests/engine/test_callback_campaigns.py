"""Callbacks of a running campaign, on virtual time: asked, called, kept; put back, given up, cancelled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from acd.work import Waiting
from compliance.decision import Checked, Decision, Verdict
from compliance.facts import Purpose
from dialer.callbacks import CallbackRules, PersonalRule
from dialer.campaign import Campaign, CampaignKind, CampaignState
from dialer.lead import Lead, LeadState
from dialer.reasons import ReasonCode
from engine.dialling.dialler import Dialler
from engine.ports import StoreUnavailable
from history.callbacks import CallbackRequest, CallbackSource, CallbackState
from history.interaction import ContactPoint, PointKind
from tests.dialer.leads_and_calls import rules
from tests.engine.dialling_stage import Fate, Office, numbers, office, spring


def callbacks(**changed: Any) -> Campaign:
    kind = {"kind": CampaignKind.CALLBACK, "purpose": Purpose.SERVICE, "topics": ("orders",)}
    return spring(**{**kind, "retry": rules(gap=60, no_answer=(60, 3)), **changed})


def ask(at: Office, n: int = 1, **changed: Any) -> CallbackRequest:
    point = ContactPoint(PointKind.PHONE, numbers(n)[-1])
    now = at.stage.clock.now()
    request = CallbackRequest(
        f"r{n}", point, "orders", CallbackSource.API, now, f"person-{n}", window_to=now + timedelta(hours=4)
    )
    request = replace(request, **changed)
    at.books.callbacks.put(request)
    return request


def lead_of(at: Office, n: int = 1) -> Lead:
    (found,) = [one for one in at.books.leads.values() if one.contact_id == f"person-{n}"]
    return found


def state_of(at: Office, n: int = 1) -> CallbackState:
    return at.books.callbacks.requests[f"r{n}"].state


async def test_who_asks_is_called_and_kept(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.log_in("anna")
    at.start()
    ask(at, 1, note="about the blue one")
    await at.until(lambda: state_of(at) is CallbackState.DIALLING, 30)
    assert at.books.callbacks.claims == [("campaign:autumn", "r1")]
    assert lead_of(at).fields == {"topic": "orders", "note": "about the blue one"}
    await at.until(lambda: state_of(at) is CallbackState.KEPT, 120)
    kept = at.books.callbacks.requests["r1"]
    assert (kept.ended_reason, kept.ended_by, kept.attempts) == ("campaign autumn", "anna", 1)
    await at.pass_by(300)
    assert len(at.public.dialled) == 1, "never twice"
    assert at.books.campaigns["autumn"].state is CampaignState.RUNNING, "others will ask"
    ask(at, 2)
    await at.until(lambda: state_of(at, 2) is CallbackState.KEPT, 120)
    await at.stop()


async def test_who_is_not_reached_is_tried_within_the_window_then_broken(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.public.usual = Fate(holds=None, cause=19)
    at.log_in("anna")
    ask(at, window_to=at.stage.clock.now() + timedelta(minutes=4))
    at.start()
    await at.until(lambda: bool(at.books.callbacks.ends), 600)
    ((_, state, _),) = at.books.callbacks.ends
    assert state == "broken"
    assert 2 <= len(at.public.dialled) <= 4
    assert (lead_of(at).state, lead_of(at).reason.code) == (LeadState.DONE, ReasonCode.CALLBACK_OVER)
    await at.pass_by(600)
    assert len(at.public.dialled) <= 4
    await at.stop()


async def test_a_number_that_does_not_exist_is_told_everywhere(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.public.usual = Fate(holds=None, cause=1)
    at.log_in("anna")
    ask(at)
    at.start()
    await at.until(lambda: bool(at.books.callbacks.ends), 120)
    ((_, state, reason),) = at.books.callbacks.ends
    assert state == "broken"
    assert "does not exist" in reason
    assert at.books.bad_numbers == [numbers(1)[0]]
    await at.stop()


async def test_who_wants_no_calls_has_taken_it_back(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.log_in("anna")
    refused = Decision(
        False, "do-not-contact", "They asked.", None, (Checked("do-not-contact", Verdict.REFUSE),)
    )
    at.stage.gate.refusal = refused
    ask(at)
    at.start()
    await at.until(lambda: bool(at.books.callbacks.ends), 60)
    assert state_of(at) is CallbackState.CANCELLED
    assert lead_of(at).state is LeadState.STOPPED
    assert at.public.dialled == []
    await at.stop()


async def test_one_that_is_cancelled_is_not_called_any_more(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.start()  # nobody is there to talk
    ask(at)
    await at.until(lambda: bool(at.books.leads), 30)
    known = at.books.callbacks.requests["r1"]
    at.books.callbacks.put(replace(known, state=CallbackState.CANCELLED, version=9))
    await at.until(lambda: lead_of(at).state is LeadState.DONE, 60)
    assert lead_of(at).reason.code is ReasonCode.CALLBACK_OVER
    at.log_in("anna")
    await at.pass_by(60)
    assert at.public.dialled == []
    await at.stop()


async def test_one_that_ended_while_no_engine_ran_is_not_called(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.start()
    ask(at)
    await at.until(lambda: bool(at.books.leads), 30)
    await at.stop()
    known = at.books.callbacks.requests["r1"]
    at.books.callbacks.put(replace(known, state=CallbackState.KEPT))
    later = office(tmp_path, after=at)
    later.log_in("anna")
    later.start()
    await later.until(lambda: lead_of(later).state is LeadState.DONE, 60)
    assert later.public.dialled == []
    await later.stop()


async def test_two_matters_of_one_person_are_two_calls_one_after_the_other(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks(topics=("orders", "returns")))
    at.log_in("anna")
    ask(at, 1)
    first = at.books.callbacks.requests["r1"]
    at.books.callbacks.put(replace(first, id="r2", topic="returns"))
    at.start()
    await at.until(lambda: len(at.books.callbacks.ends) == 2, 600)
    assert [(name, state) for name, state, _ in at.books.callbacks.ends] == [("r1", "kept"), ("r2", "kept")]
    assert len(at.books.leads) == 1
    await at.stop()


async def test_a_personal_one_waits_for_its_agent_or_falls_to_the_team(tmp_path: Path) -> None:
    for away_waits in (True, False):
        at = office(tmp_path / str(away_waits))
        rule = PersonalRule(timedelta(minutes=20), away_waits)
        at.means = replace(at.means, callback_rules=CallbackRules(None, rule))
        at.dialler = Dialler(at.means)
        at.put(callbacks())
        at.log_in("jan")
        ask(at, agent="anna")
        at.start()
        await at.until(lambda at=at: bool(at.books.leads), 30)  # type: ignore[misc]
        if away_waits:
            await at.pass_by(300)
            assert at.public.dialled == []
            at.log_in("anna")
        await at.until(lambda at=at: state_of(at) is CallbackState.KEPT, 200)  # type: ignore[misc]
        kept_by = at.books.callbacks.requests["r1"].ended_by
        assert kept_by == ("anna" if away_waits else "jan")
        await at.stop()


async def test_what_stands_is_read_when_it_has_changed(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.start()
    ask(at, window_from=at.stage.clock.now() + timedelta(hours=2))
    await at.until(lambda: bool(at.books.leads), 30)
    before = at.books.callbacks.reads
    await at.pass_by(60)
    assert at.books.callbacks.reads - before <= 5
    await at.stop()


async def test_callers_who_wait_are_served_before_a_callback(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    queues, now = at.means.exchange.queues, at.stage.clock.now()
    first: list[object] = []
    second: list[object] = []
    at.log_in("anna")
    queues.join(Waiting("in0", "sales", now), first.append)
    queues.join(Waiting("in1", "sales", now), second.append)
    ask(at)
    at.start()
    await at.until(lambda: bool(at.books.leads), 30)
    offers = len(second)
    queues.leave("in0")  # who gives up, or has been served
    await at.pass_by(10)
    assert len(second) > offers, "the agent is offered the next caller"
    assert at.public.dialled == []
    at.log_in("jan")
    await at.until(lambda: state_of(at) is CallbackState.KEPT, 120)
    assert at.books.callbacks.requests["r1"].ended_by == "jan"
    await at.stop()


async def test_one_that_was_kept_as_the_database_went_away_is_not_called_again(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(callbacks())
    at.log_in("anna")
    reached, failed = at.books.callbacks.reached, 0

    async def away(id: str, reason: str, agent: str | None = None) -> None:
        nonlocal failed
        failed += 1
        if failed == 1:
            raise StoreUnavailable("away")
        await reached(id, reason, agent)

    at.books.callbacks.reached = away  # type: ignore[method-assign]
    at.start()
    ask(at)
    await at.until(lambda: state_of(at) is CallbackState.KEPT, 180)
    assert failed == 2
    assert at.books.callbacks.requests["r1"].ended_by == "anna"
    await at.pass_by(300)
    assert len(at.public.dialled) == 1
    await at.stop()
