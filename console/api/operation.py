"""Operation: one method of one path of the API, with all that is needed to serve, check and document it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from console.api.access import Role, Scope
from console.api.problem import ProblemDoc
from engine.registers.actor import Actor


class Shape(BaseModel):
    """A JSON object of the API. Unknown members are refused; field descriptions go into the documentation."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, json_schema_serialization_defaults_required=True
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that passed all checks: who asks, and `query` and `body` as the operation's own models.

    `if_match`: the version of the If-Match header; the operation requires it where it says so.
    """

    request: web.Request
    actor: Actor
    path: Mapping[str, str]
    query: Any = None
    body: Any = None
    if_match: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is given as the operation's `answer` model. `version` becomes the ETag.

    `seen`: the subjects ("contact:ID") whose personal data is in it; None: the one that the path names.
    """

    body: BaseModel | None = None
    version: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seen: tuple[str, ...] | None = None


Handler = Callable[[Asked], Awaitable[Answer | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is below /api/v1: "/contacts/{contact_id}". `name` is the operationId: "list_contacts".

    `role`: the least role of a signed-in person; `scope`: what a token needs. `status` of success; with
    `answer` None there is no content (204), unless `answer_types` names media types that the handler streams.
    `body_types`: media types of a body that the handler reads itself. `if_match`: the request must name the
    version it changes. `keyed`: a POST that takes Idempotency-Key (all that make something do).
    `largest_body`: bytes of JSON, where it is not 64 KiB.
    `notes`: personal data is shown, and the audit log is told so by this action ("contact.seen"); its subject
    is that of the path ("contact:ID"), or those of `Answer.seen`.
    """

    method: str
    path: str
    name: str
    handler: Handler
    summary: str
    tag: str
    scope: Scope
    role: Role
    description: str = ""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    body_types: tuple[str, ...] = ()
    answer_types: tuple[str, ...] = ()
    if_match: bool = False
    keyed: bool = False
    problems: tuple[ProblemDoc, ...] = ()
    largest_body: int | None = None
    notes: str | None = None


def subjects_seen(operation: Operation, asked: Asked, answer: Answer | web.StreamResponse) -> tuple[str, ...]:
    """What the audit log is to be told that the answer shows."""
    if operation.notes is None:
        return ()
    if isinstance(answer, Answer) and answer.seen is not None:
        return answer.seen
    named = next(iter(asked.path.values()), None)
    return () if named is None else (f"{operation.notes.partition('.')[0]}:{named}",)
