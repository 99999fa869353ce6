"""What the pacer believes and why it dialled what it dialled last, as keys and numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from dialer.pace.answering import AnswerCurves
from dialer.pace.budget import Budget
from dialer.pace.residuals import Releases


@dataclass(frozen=True, slots=True)
class Reasons:
    """Of the last decision.

    `why`: `worth_it` (as many as are worth their risk), `risk` (one more would not be), `lines`, `leads` or
    `calls_per_second` (more would be, but there is none of these left), `no_agents`, `nothing_yet`.
    `risk`: the highest chance allowed that one more call takes somebody's agent; `cost`: the next call's.
    `expected_answers`: of the calls in flight, within the next half minute.
    """

    why: str = "nothing_yet"
    idle: int = 0
    in_flight: int = 0
    waiting: int = 0
    risk: float = 0.0
    cost: float = 0.0
    dial: int = 0
    given_up: int = 0
    room: int = 0
    expected_answers: float = 0.0


def explained(
    reasons: Reasons,
    curves: AnswerCurves,
    releases: Releases,
    budget: Budget,
    stays: float,
    unread: str | None,
) -> dict[str, Any]:
    account = budget.account
    told: dict[str, Any] = {
        "mode": "predictive",
        **{key: _plain(value) for key, value in asdict(reasons).items()},
        "beliefs": {
            "answer_probability": _plain(curves.share),
            "answer_seconds": _plain(curves.answer_seconds()),
            "talk_seconds": _plain(releases.talk.mean),
            "wrap_seconds": _plain(releases.wrap.mean),
            "agents_stay": _plain(stays),
        },
        "budget": {
            "live": _plain(account.live),
            "abandoned": _plain(account.abandoned),
            "left": _plain(account.left),
            "answers_to_come": None if account.coming is None else _plain(account.coming),
            "risk_per_rate": _plain(budget.factor),
        },
    }
    if unread is not None:
        told["knowledge"] = unread
    return told


def _plain(value: Any) -> Any:
    return round(float(value), 4) if isinstance(value, float) else value
