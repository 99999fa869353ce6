"""What of a chat its visitor's page is told, as JSON."""

from __future__ import annotations

import math
from typing import Any

from engine.chat.sides import ChatNews
from messaging.chat import OURS_ALONE, ChatLine, Speaker


def news_told(news: ChatNews) -> dict[str, Any]:
    """No agent's login and no id of a person is in it."""
    waits = None if news.wait_seconds is None else max(1, math.ceil(news.wait_seconds / 60))
    return {
        "phase": news.chat.phase.value,
        "lines": [_line(line, news) for line in news.lines if line.kind not in OURS_ALONE],
        "typing": news.typing,
        "position": news.position,
        "wait_minutes": waits,
        "agent": news.agent_shown,
        "buttons": [{"value": button.value, "label": button.label} for button in news.buttons],
        "free_text": news.free_text,
    }


def _line(line: ChatLine, news: ChatNews) -> dict[str, Any]:
    told: dict[str, Any] = {
        "seq": line.seq,
        "at": round(line.at.timestamp() * 1000),
        "by": line.speaker.value,
        "kind": line.kind.value,
        "text": line.text,
    }
    if line.speaker is Speaker.AGENT:
        # The name of one who had the chat before is not known here any more.
        told["name"] = news.agent_shown if line.agent == news.chat.agent else ""
    if line.client_id and line.speaker is Speaker.VISITOR:
        told["client_id"] = line.client_id
    if how := line.data.get("how"):
        told["how"] = str(how)
    return told
