"""An agent's part of a chat, as their log has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from messaging.chat import Chat, ChatLine, LineKind, Speaker

_SAID = frozenset({LineKind.TEXT, LineKind.CHOICE})


def part_of(chat: Chat, lines: Sequence[ChatLine], agent: str, now: datetime) -> Mapping[str, object]:
    """Since the agent has joined last: how long, how many answers, and how long each was waited for."""
    began = next(
        (n for n in range(len(lines) - 1, -1, -1) if _joined(lines[n], agent)),
        len(lines),
    )
    waits: list[float] = []
    # Whoever is given a visitor who waits for an answer owes it from then on.
    owed = lines[began].at if began < len(lines) else None
    answers = 0
    for line in lines[began:]:
        if line.kind not in _SAID:
            continue
        if line.speaker is Speaker.VISITOR:
            owed = owed or line.at
        elif line.speaker is Speaker.AGENT and line.agent == agent:
            answers += 1
            if owed is not None:
                waits.append(max(0.0, (line.at - owed).total_seconds()))
                owed = None
    data: dict[str, object] = {"work": chat.id, "queue": chat.queue, "answers": answers}
    data["seconds"] = round((now - lines[began].at).total_seconds(), 1) if began < len(lines) else 0.0
    if waits:
        data["answer_seconds"] = round(sum(waits) / len(waits), 1)
    return data


def _joined(line: ChatLine, agent: str) -> bool:
    return line.kind is LineKind.JOINED and line.agent == agent
