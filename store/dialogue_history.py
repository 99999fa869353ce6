"""The history row of a dialogue: written once, when it is closed. Its messages have rows of their own."""

from __future__ import annotations

from history.interaction import Channel, Interaction
from messaging.dialogue import DIALOGUE_ROW, Dialogue


def closing_row(dialogue: Dialogue, answer_seconds: float | None, owed: bool) -> Interaction:
    """`answer_seconds`: how long they waited for an answer, on average; `owed`: the last one never came.

    Inbound and without `reached`: no rule on contacts counts it.
    """
    assert dialogue.closed_at is not None
    data: dict[str, object] = {
        "kind": DIALOGUE_ROW,
        "opened_at": dialogue.opened_at.isoformat(),
        "queue": dialogue.queue or None,
        "answers": dialogue.answers,
        "first_answer_seconds": _rounded(dialogue.first_seconds),
        "answer_seconds": _rounded(answer_seconds),
        "mailing": dialogue.mailing,
        "unanswered": True if owed else None,
    }
    return Interaction(
        id=f"{dialogue.id}-dialogue",
        at=dialogue.closed_at,
        channel=Channel(dialogue.channel.value),
        direction="inbound",
        subject_id=dialogue.id,
        point=dialogue.point,
        contact_id=dialogue.contact_id,
        to=dialogue.ours,
        outcome="completed" if dialogue.answers else "abandoned",
        disposition=dialogue.disposition,
        campaign=dialogue.campaign,
        agent=dialogue.agent,
        language=dialogue.language,
        data={name: value for name, value in data.items() if value is not None},
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
