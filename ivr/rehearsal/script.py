"""What a rehearsed caller does and expects, act by act, and how the world around the call answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wording.expressions import Expression
from wording.yaml_source import Place


@dataclass(frozen=True, slots=True)
class Dials:
    """Presses keys, one after another, at once."""

    keys: str


@dataclass(frozen=True, slots=True)
class Says:
    """Says something as soon as somebody listens. `language`: of those listened for, the one it is in."""

    text: str
    language: str | None = None
    confidence: float = 1.0
    margin: float = 1.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Does nothing. `None`: until the prompt has ended."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Hears:
    """Waits until a prompt with `text` in it begins, or fails. What was said since the last act counts."""

    text: str


@dataclass(frozen=True, slots=True)
class Gets:
    """Waits until work of this verb (voicemail, transfer, sms …) is begun, or fails.

    `details`: fields of its command and what they must be; of a text it is enough to be in it.
    """

    verb: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reaches:
    """Waits until this step is entered, or fails. Steps entered since the last act count."""

    step: str


@dataclass(frozen=True, slots=True)
class Is:
    """Waits until these values are so, or fails. (as written, the expression, the value as a text)."""

    values: tuple[tuple[str, Expression, str], ...]


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller hangs up now."""


HANG_UP = "hangup"
"""Any reason: the flow ended the call."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Waits for the end, or fails. `reason`: that of the hangup, "hangup" for any, or "caller"."""

    reason: str = "normal"


Act = Dials | Says | Waits | Hears | Gets | Reaches | Is | HangsUp | Ends


@dataclass(frozen=True, slots=True)
class Answer:
    """How a step's work ends. `outcome` None: as it usually does.

    `position`, `wait_seconds` and `answered_seconds` are a queue's: the place in it, the wait that is told,
    and after how long an agent answers.
    """

    outcome: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    position: int = 1
    wait_seconds: float | None = None
    answered_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Given:
    """The world around a rehearsed call.

    `answers`: step -> how its work ends each time, the last again and again. `hours`: name -> state, under ""
    for all others; None: as the company's own hours say. `at`: local time of the company, without zone.
    """

    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    hours: Mapping[str, str] | None = None
    profile: Mapping[str, object] = field(default_factory=dict)
    code: str = "123456"
    facts: Mapping[str, object] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FlowTest:
    """A test that stands in a flow's file. `places` are those of the acts."""

    name: str
    given: Given
    acts: tuple[Act, ...]
    place: Place
    places: tuple[Place, ...]
