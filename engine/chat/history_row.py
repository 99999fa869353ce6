"""What the history has of a chat that is over: one row. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.chat.leading import Walked
from engine.chat.lines import SAID, ChatLines
from history.interaction import TRANSCRIPT_MOST, Channel, Interaction
from messaging.chat import Chat, ChatLine
from messaging.chat_limits import MOST_PAGES


def interaction_of_chat(
    chat: Chat, lines: ChatLines, walked: Walked, *, invited: str, language: str | None
) -> Interaction:
    """Of one that is closed. What was said is its transcript."""
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
        transcript=transcript_of(lines.all) or None,
        data={name: value for name, value in data.items() if value is not None},
    )


def transcript_of(lines: Sequence[ChatLine]) -> str:
    """As `visitor: good morning`, a line each; secrets are hidden in them. The first of it, if it is long."""
    told: list[str] = []
    letters = 0
    for line in lines:
        if line.kind in SAID:
            # Each in one line: nobody writes what looks like another's words. A database keeps no NUL.
            words = " ".join(line.text.replace("\0", " ").split())
            told.append(f"{line.agent or line.speaker.value}: {words}")
            letters += len(told[-1]) + 1
            if letters > TRANSCRIPT_MOST:
                break
    return "\n".join(told)[:TRANSCRIPT_MOST]
