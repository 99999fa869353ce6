"""What the history has of a chat that is over: one row. Pure."""

from __future__ import annotations

from engine.chat.leading import Walked
from engine.chat.lines import ChatLines
from history.interaction import Channel, Interaction
from messaging.chat import Chat
from messaging.chat_limits import MOST_PAGES


def interaction_of_chat(
    chat: Chat, lines: ChatLines, walked: Walked, *, invited: str, language: str | None
) -> Interaction:
    """Of one that is closed. What was left as a message is its transcript."""
    over = chat.closed_at or chat.opened_at
    data: dict[str, object] = {
        "site": chat.site,
        "ended_by": chat.ended_by,
        "lines": lines.said,
        "pages": [one.address for one in lines.path][:MOST_PAGES],
        "waited_seconds": chat.waited_seconds,
        "first_answer_seconds": chat.first_answer_seconds,
        "invited": invited or None,
        "box": walked.box,
    }
    return Interaction(
        id=f"{chat.id}-chat",
        at=chat.opened_at,
        channel=Channel.CHAT,
        direction="inbound",
        subject_id=chat.id,
        point=chat.point,
        contact_id=chat.contact_id,
        to=chat.site,
        duration_seconds=round((over - chat.opened_at).total_seconds(), 1),
        outcome=chat.outcome,
        disposition=chat.disposition,
        agent=chat.agent,
        language=language,
        flow=chat.flow,
        flow_version=chat.flow_version,
        path=tuple(walked.path),
        transcript=walked.message,
        data={name: value for name, value in data.items() if value is not None},
    )
