"""Which messages a page shows: by view, state, channel, provider, template, mailing, person and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from urllib.parse import urlencode

from compliance.facts import Channel
from console.faults import Fault
from console.query_values import choice_of, day_of, midnight
from engine.registers.messages import MessageDirection, MessageFilter
from messaging.states import MessageState

LONGEST_SEARCH = 100
CHANNELS = tuple(channel for channel in Channel if channel is not Channel.CALL)
_S = MessageState
_TEXTS = ("q", "provider", "template", "mailing", "campaign", "prefix", "contact")


@dataclass(frozen=True, slots=True)
class View:
    """Which messages a tab shows; nothing named: all."""

    states: tuple[MessageState, ...] = ()
    direction: MessageDirection | None = None
    undecided: bool = False


VIEWS: Mapping[str, View] = {
    "all": View(),
    "waiting": View((_S.QUEUED, _S.SENDING)),
    "doubtful": View((_S.IN_DOUBT,), undecided=True),
    "failed": View((_S.FAILED, _S.EXPIRED, _S.REFUSED)),
    "received": View(direction=MessageDirection.INBOUND),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """As the address has it; "" and None: all. `texts`: those of _TEXTS; `prefix`: how the number begins."""

    view: str
    texts: Mapping[str, str]
    state: MessageState | None
    channel: Channel | None
    first_day: date | None
    last_day: date | None

    @property
    def narrowed(self) -> bool:
        own = [value for name, value in self.texts.items() if name != "q"]
        return any((*own, self.state, self.channel, self.first_day, self.last_day))

    def query(self, **more: str) -> str:
        """The address's query for the same messages."""
        told = {**self._told(), **more}
        return urlencode({name: value for name, value in told.items() if value or name == "view"})

    def hidden(self, *but: str) -> list[tuple[str, str]]:
        """Members of a form that asks for the same messages, without those named."""
        return [(name, value) for name, value in self._told().items() if value and name not in but]

    def _told(self) -> dict[str, str]:
        return {
            "view": self.view,
            **self.texts,
            "state": self.state or "",
            "channel": self.channel or "",
            "from": "" if self.first_day is None else self.first_day.isoformat(),
            "to": "" if self.last_day is None else self.last_day.isoformat(),
        }

    def filter(self, zone: tzinfo, contact_id: str | None) -> MessageFilter:
        """A state that is chosen goes before those of the view."""
        view = VIEWS[self.view]
        return MessageFilter(
            states=view.states if self.state is None else (self.state,),
            channel=self.channel,
            direction=view.direction,
            contact_id=contact_id,
            provider=self.texts["provider"] or None,
            mailing=self.texts["mailing"] or None,
            template=self.texts["template"] or None,
            campaign=self.texts["campaign"] or None,
            prefix=self.texts["prefix"] or None,
            since=None if self.first_day is None else midnight(self.first_day, zone),
            until=None if self.last_day is None else midnight(self.last_day + timedelta(days=1), zone),
            undecided=view.undecided,
        )


def asked_of(query: Mapping[str, str]) -> Asked:
    """Raises Fault 400."""
    view = query.get("view") or "all"
    if view not in VIEWS:
        raise Fault(400, f"`view` is one of {', '.join(VIEWS)}.")
    texts = {name: " ".join(query.get(name, "").split()) for name in _TEXTS}
    for name, text in texts.items():
        if len(text) > LONGEST_SEARCH or not text.isprintable():
            raise Fault(400, f"`{name}` has at most {LONGEST_SEARCH} letters that can be seen. Shorten it.")
    return Asked(
        view,
        texts,
        choice_of(query, "state", MessageState),
        choice_of(query, "channel", Channel),
        day_of(query, "from"),
        day_of(query, "to"),
    )


def midnight_before(now: datetime, zone: tzinfo) -> datetime:
    """When the day of `now` began."""
    return midnight(now.astimezone(zone).date(), zone)
