"""Actor: who asks for a change, for the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    PERSON = "person"  # signed in
    TOKEN = "token"  # noqa: S105 - another system
    COMMAND = "command"  # somebody at the shell
    ENGINE = "engine"  # a flow, a rule or a worker


@dataclass(frozen=True, slots=True)
class Actor:
    """`id`: of the person or token, the shell user's name, or the part of the engine. `address`: theirs."""

    kind: ActorKind
    id: str
    address: str = ""


ENGINE = Actor(ActorKind.ENGINE, "engine")
