"""What a rule of the gate forbids: its problem, and what the documentation says of it."""

from __future__ import annotations

from typing import Any

from compliance.decision import Decision
from compliance.refusal_reasons import code_of
from console.api.problem import Problem, ProblemDoc
from history.forms import optional_time_form

FORBIDDEN_MEMBERS: dict[str, Any] = {
    "rule": {"type": ["string", "null"]},
    "reason": {"type": ["string", "null"]},
    "next_allowed_at": {"type": ["string", "null"], "format": "date-time"},
}
FORBIDDEN = ProblemDoc(
    409,
    "A rule forbids the message (kind `forbidden-by-rule`): which, why, and when it would be allowed.",
    FORBIDDEN_MEMBERS,
)


def forbidden(what: str, decision: Decision, **more: object) -> Problem:
    """`what`: "call", "message"; `more` members of the problem."""
    return Problem(
        409,
        "forbidden-by-rule",
        f"A rule forbids this {what}: {decision.reason or decision.rule}.",
        extra={
            "rule": decision.rule,
            "reason": decision.reason,
            "reason_code": code_of(decision.reason),
            "next_allowed_at": optional_time_form(decision.next_allowed_at),
            **more,
        },
    )
