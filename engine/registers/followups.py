"""Ports to what follows of itself: rules' answers, short links, one-time codes and questions for a grade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.registers.messages import Message
from history.interaction import ContactPoint
from messaging.codes import Verdict
from messaging.followups import CallFacts
from messaging.links import ShortLink


@dataclass(frozen=True, slots=True)
class Limit:
    """To one person at most `most` messages of these rules since then."""

    rules: tuple[str, ...]
    since: datetime
    most: int = 1


@dataclass(frozen=True, slots=True)
class RatingRequest:
    """The message asks for a grade of the call; `step` names the question in its log."""

    call_id: str
    step: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Followup:
    """A message that a rule answers a happening with."""

    key: str
    rule: str
    message: Message
    link: ShortLink | None = None
    limits: tuple[Limit, ...] = ()
    rating: RatingRequest | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """Somebody talked with the person of this point: what these rules have not sent them yet is too late."""

    point: ContactPoint
    contact_id: str | None
    rules: tuple[str, ...]

    def is_for(self, one: Followup) -> bool:
        message = one.message
        same = message.point == self.point or (
            self.contact_id is not None and message.contact_id == self.contact_id
        )
        return same and one.rule in self.rules


class Followups(Protocol):
    """Raises StoreUnavailable."""

    async def read_up_to(self, reader: str) -> int | None:
        """The number of the last publication that it has read; None: it never read."""

    async def keep(
        self,
        reader: str,
        was: int | None,
        number: int,
        made: Sequence[Followup],
        served: Sequence[Served] = (),
    ) -> int | None:
        """Queue what is new of these, and note how far was read, in one transaction. Returns how many.

        What was queued before for those who are `served` is stopped.

        None, and nothing is written: another engine has read on meanwhile.
        """

    async def call_facts(self, call_id: str) -> CallFacts: ...

    async def check_messages(self, *, limit: int) -> int:
        """What jobs of the topic `checked` ask for: messages whose code was entered in a call. How many."""

    async def tidy(self) -> None:
        """Forget links, codes and questions whose time is long over."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A link that there is. `target` None: its time is over."""

    target: str | None


class ShortLinks(Protocol):
    """Raises StoreUnavailable."""

    async def follow(self, id: str, at: datetime, *, by_a_person: bool) -> Followed | None:
        """None: there is no such link. A person's visit makes the message checked."""


@dataclass(frozen=True, slots=True)
class KeptCode:
    """The newest of those that were sent. `wrong`: how many wrong ones were entered, for any of them.

    `letters`: it may have letters, too.
    """

    id: str
    message_id: str
    length: int
    most_attempts: int
    sent_at: datetime
    expires_at: datetime
    wrong: int = 0
    used_at: datetime | None = None
    sends: int = 1
    letters: bool = False

    @property
    def attempts_left(self) -> int:
        return 0 if self.used_at else max(0, self.most_attempts - self.wrong)


class OneTimeCodes(Protocol):
    """Raises StoreUnavailable, Missing and Refused."""

    async def get(self, id: str) -> tuple[KeptCode, Message]:
        """With the message of the newest code, which may be erased by now."""

    async def send_again(
        self, code: KeptCode, salt: bytes, hashed: bytes, message: Message, *, since: datetime, most: int
    ) -> None:
        """Another code in place of the former, which `code` has `sends` of; what of that is still queued is
        stopped. Refused when somebody was faster, and as by `add`.
        """

    async def add(
        self, code: KeptCode, salt: bytes, hashed: bytes, message: Message, *, since: datetime, most: int
    ) -> None:
        """Keep it and queue its message, in one transaction.

        Refused (`to`): as many as `most` codes went to the same point since then.
        """

    async def check(
        self, id: str, hashed_with: Callable[[bytes], bytes], at: datetime
    ) -> tuple[Verdict, KeptCode]:
        """Whether it is right, which uses it up and makes its message checked. Each wrong one is counted.

        `hashed_with`: the hash of what was entered, with that salt.
        """
