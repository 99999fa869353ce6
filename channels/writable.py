"""Whether a message can be written at all: halves of letters (lone surrogates) are in no encoding."""

from __future__ import annotations

from messaging.provider import Answer, Submission, Taken


def unwritable(submission: Submission) -> Answer | None:
    """The refusal of such a message; None when all of it can be written."""
    texts = (submission.to, submission.text, submission.sender or "", submission.subject, submission.html)
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError:
        return Answer(Taken.REJECTED, why="it holds half a letter, which cannot be written")
    return None
