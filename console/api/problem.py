"""Problem: an error as RFC 9457 has it, application/problem+json, naming the fields that are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from console.faults import Fault


@dataclass(frozen=True, slots=True)
class FieldError:
    """`field` as "body.points[0].value", "query.limit" or "path.contact_id"; `message` tells the remedy."""

    field: str
    message: str


class Problem(Exception):
    """`kind` ends the problem's type, /api/problems/KIND; `extra` are more members of the object."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


@contextmanager
def told_as_problems() -> Iterator[None]:
    """What pages and the API share raises Fault."""
    try:
        yield
    except Fault as fault:
        raise Problem(fault.status, _KINDS.get(fault.status, "refused"), fault.message) from fault


_KINDS = {403: "forbidden", 404: "not-found", 409: "damaged"}


def missing(what: str, id: str) -> Problem:
    return Problem(404, "not-found", f"There is no {what} {id}.")


@dataclass(frozen=True, slots=True)
class ProblemDoc:
    """A status of its own that an operation may answer with, beyond 400, 401, 403, 404, 429 and 503."""

    status: int
    description: str
    members: Mapping[str, object] = field(default_factory=dict)
