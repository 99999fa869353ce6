"""The lines of one chat in memory: numbered, each once, the new ones apart until they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engine.chat.sides import PageSeen
from messaging.chat import OURS_ALONE, Button, ChatLine, LineKind, Speaker

SAID = frozenset({LineKind.TEXT, LineKind.CHOICE})


class ChatLines:
    """`all` has ours too."""

    def __init__(self, lines: Sequence[ChatLine] = ()) -> None:
        self.all = list(lines)
        self._fresh: list[ChatLine] = []
        self._by_client_id = {one.client_id: one.seq for one in lines if one.client_id}
        self.pages = sum(one.kind is LineKind.PAGE for one in lines)

    def __len__(self) -> int:
        return len(self.all)

    def add(
        self,
        at: datetime,
        speaker: Speaker,
        kind: LineKind,
        text: str,
        *,
        agent: str | None = None,
        client_id: str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> ChatLine:
        seq = len(self.all) + 1
        line = ChatLine(seq, at, speaker, kind, text, agent, client_id=client_id or None, data=data or {})
        self.all.append(line)
        self._fresh.append(line)
        if client_id:
            self._by_client_id[client_id] = seq
        self.pages += kind is LineKind.PAGE
        return line

    def with_client_id(self, client_id: str) -> int | None:
        """The line that a page has sent by that id already."""
        return self._by_client_id.get(client_id) if client_id else None

    def take_fresh(self, buttons: tuple[Button, ...]) -> tuple[ChatLine, ...]:
        """What came since it was taken last; `buttons` stand with the flow's last words among it."""
        last = next((one for one in reversed(self._fresh) if one.speaker is Speaker.FLOW), None)
        if buttons and last is not None and last.kind is LineKind.TEXT:
            offered = replace(last, buttons=buttons)
            self._fresh[self._fresh.index(last)] = self.all[last.seq - 1] = offered
        fresh, self._fresh = tuple(self._fresh), []
        return fresh

    def for_visitor(self, after: int) -> tuple[ChatLine, ...]:
        return tuple(one for one in self.all[after:] if one.kind not in OURS_ALONE)

    @property
    def path(self) -> tuple[PageSeen, ...]:
        """Pages, oldest first."""
        return path_of(self.all)

    @property
    def said(self) -> int:
        """How many have words."""
        return sum(one.kind in SAID for one in self.all)

    @property
    def last_said(self) -> tuple[ChatLine, ...]:
        """The newest words, if there are any."""
        return tuple(one for one in reversed(self.all) if one.kind in SAID)[:1]

    def last_of(self, speaker: Speaker) -> ChatLine | None:
        return next((one for one in reversed(self.all) if one.speaker is speaker), None)

    def visitor_said_after(self, seq: int) -> bool:
        return any(one.speaker is Speaker.VISITOR and one.kind in SAID for one in self.all[seq:])


def path_of(lines: Sequence[ChatLine]) -> tuple[PageSeen, ...]:
    return tuple(
        PageSeen(one.at, one.text, str(one.data.get("title") or ""))
        for one in lines
        if one.kind is LineKind.PAGE
    )
