"""Consents, objections and decisions as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from compliance.decision import Decision, Verdict
from compliance.facts import Mode, Purpose
from compliance.refusal_reasons import RefusalCode, code_of
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.shapes import PLAIN, PointShape, Reason, Time
from engine.registers.decisions import LoggedDecision
from history.interaction import PointKind
from history.permissions import Consent, Objection

# The history has other channels and a token other scopes, and one name would stand for both; so the words
# themselves are told instead of the enumerations.
Channel = Literal["call", "sms", "email", "push", "messenger"]
Scope = Literal["number", "person", "household", "domain", "prefix"]
Word = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]
Written = Annotated[str, Field(min_length=1, max_length=300, pattern=PLAIN)]
Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
LIST_NAME = r"^[a-z0-9][a-z0-9_-]{0,59}$"
ListName = Annotated[str, Field(min_length=1, max_length=60, pattern=LIST_NAME)]
Channels = Annotated[tuple[Channel, ...], Field(max_length=5, description="Empty: all of them.")]
Purposes = Annotated[tuple[Purpose, ...], Field(max_length=4, description="Empty: all of them.")]


class ConsentPoint(Shape):
    kind: PointKind
    value: Written


class ProofShape(Shape):
    """Where the person's own act can be seen or heard."""

    call_id: Id | None = None
    recording: Annotated[Word | None, Field(description="Its name.")] = None
    second: Annotated[
        float | None, Field(ge=0, le=86_400, description="Of the call, or of the recording.")
    ] = None
    text: Annotated[
        str | None, Field(max_length=5000, pattern=PLAIN, description="What they agreed to, or wrote.")
    ] = None


class ConsentShape(Shape):
    id: str
    at: Time
    contact_id: Annotated[str | None, Field(description="The contact that it came to.")]
    point: PointShape | None
    channel: Annotated[str, Field(description='"" is no consent to be contacted, but to something else.')]
    purpose: str
    given: Annotated[bool, Field(description="False: refused or withdrawn, from then on.")]
    source: str
    basis: str
    proof: ProofShape


class ConsentPage(Shape):
    items: list[ConsentShape]
    next: str | None


class NewConsent(Shape):
    channel: Channel
    purpose: Purpose
    at: Annotated[Time | None, Field(description="When it was given; left out: now. Never later.")] = None
    source: Annotated[Word, Field(description="Where it comes from, as our shop's order form.")] = "api"
    basis: Literal["consent", "soft_opt_in"] = "consent"
    point: Annotated[
        ConsentPoint | None, Field(description="For this number or address alone; left out: for all.")
    ] = None
    proof: ProofShape = ProofShape()


class Withdrawal(Shape):
    """Without channel and purpose everything that was given is withdrawn."""

    channel: Channel | None = None
    purpose: Purpose | None = None
    source: Word = "api"
    proof: ProofShape = ProofShape()


class Withdrawn(Shape):
    items: list[ConsentShape]


class ObjectionShape(Shape):
    id: str
    at: Time
    scope: Scope
    value: str
    reason: str
    source: str
    channels: Channels
    purposes: Purposes
    list_name: str | None
    lifted_at: Time | None


class ObjectionPage(Shape):
    items: list[ObjectionShape]
    next: str | None


class NewObjection(Shape):
    scope: Scope
    value: Annotated[
        Written, Field(description="A number or address, the first digits of numbers, a domain, or an id.")
    ]
    reason: Reason
    source: Word = "api"
    channels: Channels = ()
    purposes: Purposes = ()


class Lifting(Shape):
    reason: Reason


class ObjectionQuery(PageQuery):
    scope: Scope | None = None
    value: Annotated[Written | None, Field(description="As it is kept: +48600000001.")] = None
    list: Annotated[ListName | None, Field(description="Of this list alone.")] = None
    in_force: Annotated[bool, Field(description="False: also those that count no longer.")] = True


class CheckQuery(Shape):
    point: Annotated[Written, Field(description="A number, an e-mail address or a messenger's point.")]


class Forbidding(Shape):
    scope: Scope
    reason: str
    since: Time
    channels: Channels
    purposes: Purposes


class Check(Shape):
    """`do_not_contact` is empty when nothing forbids it; whether a rule does is asked at …/why."""

    point: PointShape
    contact_id: str | None
    do_not_contact: list[Forbidding]


class ImportQuery(Shape):
    replace: Annotated[
        bool, Field(description="What the list had and the file does not have counts no longer.")
    ] = False
    reason: Reason = "on a list"
    source: Word = "import"
    channel: Annotated[Channel | None, Field(description="Left out: all.")] = None
    purpose: Annotated[Purpose | None, Field(description="Left out: all.")] = None


class RefusedLine(Shape):
    line: int
    reason: str


class ImportedList(Shape):
    read: int
    added: int
    kept: int
    lifted: int
    refused: int
    refused_lines: Annotated[list[RefusedLine], Field(description="The first 100 of them.")]


Code = Annotated[
    RefusalCode | None, Field(description="Of the reason, for whoever tells it in words of their own.")
]


class CheckedRule(Shape):
    rule: str
    verdict: Verdict
    reason: str
    reason_code: Code


class DecisionShape(Shape):
    allowed: bool
    rule: Annotated[str | None, Field(description="The one that decided.")]
    reason: str | None
    reason_code: Code
    next_allowed_at: Annotated[Time | None, Field(description="Null: allowed, or never as things are.")]
    checked: list[CheckedRule]


class LoggedShape(DecisionShape):
    """Whom it was about is not in it: ask by contact_id."""

    writer: str
    seq: int
    at: Time
    subject: str
    channel: Channel
    purpose: Purpose
    mode: Mode
    campaign: str | None
    packs: list[str]
    hash: str


class DecisionPage(Shape):
    items: list[LoggedShape]
    next: str | None


class DecisionQuery(PageQuery):
    subject: Annotated[
        str | None, Field(max_length=100, pattern=PLAIN, description='What was decided on: "call:ID".')
    ] = None
    contact_id: Id | None = None
    allowed: bool | None = None
    writer: Annotated[Word | None, Field(description="The node.")] = None
    since: Time | None = None
    until: Time | None = None


class WhyQuery(Shape):
    channel: Annotated[Channel | None, Field(description="Left out: all.")] = None
    purpose: Annotated[Purpose | None, Field(description="Left out: all.")] = None
    mode: Mode = Mode.MANUAL
    campaign: Word | None = None
    debt: Word | None = None
    at: Annotated[Time | None, Field(description="As of then; left out: now.")] = None


class Way(DecisionShape):
    point: PointShape
    channel: Channel
    purpose: Purpose
    mode: Mode
    packs: list[str]
    time_zones: Annotated[list[str], Field(description="Every one in which the person may be.")]


class Why(Shape):
    contact_id: str | None
    at: Time
    ways: list[Way]
    decisions: Annotated[list[LoggedShape], Field(description="The last ones about the person.")]


def consent_shape(consent: Consent) -> ConsentShape:
    point, proof = consent.point, consent.proof
    return ConsentShape(
        id=consent.id,
        at=consent.at,
        contact_id=consent.contact_id,
        point=None if point is None else PointShape(kind=point.kind, value=point.value),
        channel=consent.channel,
        purpose=consent.purpose,
        given=consent.given,
        source=consent.source,
        basis=consent.basis,
        proof=ProofShape.model_construct(
            call_id=proof.call_id, recording=proof.recording, second=proof.second, text=proof.text
        ),
    )


def objection_shape(objection: Objection) -> ObjectionShape:
    return ObjectionShape.model_validate(
        {
            "id": objection.id,
            "at": objection.at,
            "scope": objection.scope.value,
            "value": objection.value,
            "reason": objection.reason,
            "source": objection.source,
            "channels": sorted(objection.channels),
            "purposes": sorted(objection.purposes),
            "list_name": objection.list_name,
            "lifted_at": objection.lifted_at,
        }
    )


def decided(decision: Decision) -> dict[str, object]:
    """The members of a DecisionShape."""
    return {
        "allowed": decision.allowed,
        "rule": decision.rule,
        "reason": decision.reason,
        "reason_code": code_of(decision.reason),
        "next_allowed_at": decision.next_allowed_at,
        "checked": [
            CheckedRule(
                rule=one.rule, verdict=one.verdict, reason=one.reason, reason_code=code_of(one.reason)
            )
            for one in decision.checked
        ],
    }


def logged_shape(logged: LoggedDecision) -> LoggedShape:
    return LoggedShape.model_validate(
        {
            **decided(logged.decision),
            "writer": logged.writer,
            "seq": logged.seq,
            "at": logged.at,
            "subject": logged.subject,
            "channel": logged.channel,
            "purpose": logged.purpose,
            "mode": logged.mode,
            "campaign": logged.campaign,
            "packs": list(logged.packs),
            "hash": logged.hash,
        }
    )
