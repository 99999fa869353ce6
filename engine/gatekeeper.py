"""The gate as the engine asks it: before anybody is contacted, whatever the channel.

    facts of the person -> packs -> compliance.gate.decide -> a row of the decision log -> the answer

The row is in the database before the contact is made. Without a database nobody is contacted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from compliance.decision import Checked, Decision, Verdict
from compliance.facts import COUNTED_BACK, Callee, Channel, Mode, Purpose, Request, Requested
from compliance.gate import decide
from compliance.refusal_reasons import RefusalCode, sentence
from dialer.before_dialling import PERSON_BUSY
from engine.placing.callees import callee_of, countries_of
from engine.ports import Clock, StoreUnavailable
from engine.registers.decisions import DecisionPlan, Decisions, Judgement
from engine.registers.permissions import Permissions, PersonFacts, PersonQuery
from engine.registers.refusals import Missing
from engine.rulebook import RuleBook, label
from history.interaction import ContactPoint

# A caller may be waiting, and whoever dials asks again.
ASK_LIMIT_SECONDS = 5.0
FACTS_UNREAD = "gate/facts"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ContactRequest:
    """A contact that is about to be made. `subject` names it: "call:ID", "message:ID", "lead:ID"…

    `point` is where the person is reached; `contact_id` may be given with it. Of a contact alone, the point
    of the channel that came first is taken. `packs` are asked beside those that apply anyway.
    """

    subject: str
    channel: Channel
    purpose: Purpose
    mode: Mode
    point: ContactPoint | None = None
    contact_id: str | None = None
    debt: str | None = None
    requested: Requested | None = None
    campaign: str | None = None
    packs: tuple[str, ...] = ()


class Gate(Protocol):
    """What those who contact people need of the gatekeeper."""

    async def ask(self, request: ContactRequest) -> Decision:
        """May it be made now? The decision is logged first. Never raises: what is not known is refused."""
        ...

    async def would_be(self, request: ContactRequest, at: datetime | None = None) -> Decision:
        """The same without a trace in the log, now or at another time. Raises StoreUnavailable, Missing."""
        ...


class Gatekeeper:
    """Implements Gate."""

    def __init__(self, permissions: Permissions, decisions: Decisions, rules: RuleBook, clock: Clock) -> None:
        self._permissions = permissions
        self._decisions = decisions
        self._rules = rules
        self._clock = clock

    async def ask(self, request: ContactRequest) -> Decision:
        """See Gate. A decision that cannot be written is a refusal."""
        now = self._clock.now()
        plan = DecisionPlan(request.subject, request.purpose, request.mode, request.campaign)
        try:
            async with asyncio.timeout(ASK_LIMIT_SECONDS):
                return await self._decisions.decide(
                    _query(request, now), plan, lambda person: self.judge(request, person, now), now
                )
        except (StoreUnavailable, TimeoutError) as failure:
            why = str(failure) or f"it took more than {ASK_LIMIT_SECONDS:g} s"
            refusal = refused(FACTS_UNREAD, sentence(RefusalCode.FACTS_UNREAD, why=why))
        except Missing as missing:
            refusal = refused("gate/contact", sentence(RefusalCode.CONTACT_MISSING, why=missing))
        except Exception as fault:
            log.exception("the gate failed", subject=request.subject)
            refusal = refused("gate/fault", sentence(RefusalCode.FAULT, fault=type(fault).__name__))
        log.warning("refused without facts", subject=request.subject, rule=refusal.rule, why=refusal.reason)
        return refusal

    async def ask_all(self, requests: Sequence[ContactRequest]) -> Sequence[Decision]:
        """As `ask`, of many at once: most of a decision's cost is its transaction's."""
        now = self._clock.now()
        plans = [DecisionPlan(one.subject, one.purpose, one.mode, one.campaign) for one in requests]
        asked = [(_query(one, now), plan) for one, plan in zip(requests, plans, strict=True)]
        decided: Sequence[Decision | None]
        try:
            async with asyncio.timeout(ASK_LIMIT_SECONDS):
                decided = await self._decisions.decide_all(
                    asked, lambda n, person: self.judge(requests[n], person, now), now
                )
        except Exception as fault:  # one of them may be at fault: each is asked by itself, and says why
            log.warning("many could not be decided together", requests=len(asked), why=type(fault).__name__)
            decided = [None] * len(asked)
        answers: list[Decision] = []
        unread: Decision | None = None
        for one, request in zip(decided, requests, strict=True):
            answer = one or unread or await self.ask(request)
            if answer.rule == FACTS_UNREAD:  # a database that hangs is not waited for once for each
                unread = answer
            answers.append(answer)
        return answers

    async def would_be(self, request: ContactRequest, at: datetime | None = None) -> Decision:
        """See Gate."""
        now = self._clock.now()
        person = await self._permissions.person_facts(_query(request, min(at or now, now)), now)
        return self.judge(request, person, at or now).decision

    def judge(self, request: ContactRequest, person: PersonFacts, at: datetime) -> Judgement:
        """Pure, but for the packs' own numbers: the facts as given, at that moment."""
        if person.point is None:
            return Judgement(
                refused("gate/point", sentence(RefusalCode.NO_POINT, channel=request.channel)), ()
            )
        asked = asked_of(request, callee_of(person, person.point))
        packs = self._rules.packs(
            request.channel,
            request.purpose,
            request.mode,
            countries_of(asked.contact),
            at,
            campaign=request.campaign,
            more=request.packs,
        )
        decision = decide(asked, person.facts, packs, at)
        if decision.allowed and person.busy_until is not None:
            decision = busy(decision, person.busy_until)
        return Judgement(decision, tuple(label(pack) for pack in packs))


def refused(rule: str, reason: str) -> Decision:
    """A refusal of the gate itself, before any pack is asked."""
    return Decision(False, rule, reason, None, (Checked(rule, Verdict.REFUSE, reason),))


def busy(decision: Decision, until: datetime) -> Decision:
    """Every pack allows it, and there is a call with them: of two engines only one calls a person."""
    refusal = refused(PERSON_BUSY, sentence(RefusalCode.PERSON_BUSY))
    return replace(refusal, next_allowed_at=until, checked=(*decision.checked, *refusal.checked))


def asked_of(request: ContactRequest, callee: Callee) -> Request:
    """As packs are asked."""
    return Request(request.channel, request.purpose, request.mode, callee, request.debt, request.requested)


def asked_for(request: ContactRequest, at: datetime, lasts: timedelta) -> ContactRequest:
    """The same, for a person who is with us and asks for it now: that is the time they chose."""
    return replace(request, requested=Requested(at, at, at + lasts))


def _query(request: ContactRequest, at: datetime) -> PersonQuery:
    return PersonQuery(
        channel=request.channel,
        since=at - COUNTED_BACK,
        point=request.point,
        contact_id=request.contact_id,
        subject=request.subject,
        debt=request.debt,
    )
