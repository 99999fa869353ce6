"""How much a visitor may write: limits that a person never meets and a robot soon does. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# A screen and a half; more is a document, and nobody reads it while somebody waits.
LONGEST_WORDS = 2000
# Fast writers send short lines: one in three seconds for a minute is beyond them.
MOST_IN_MINUTE = 20
# A long talk has a hundred. The pages that were seen are not counted.
MOST_LINES = 500
# Said a third time in a row within the minute it says nothing new.
MOST_REPEATED = 3
MINUTE = timedelta(minutes=1)
# Pages of one visit that are kept: more say nothing of where the visitor came from.
MOST_PAGES = 50


class TooMuch(ValueError):
    """`code` as that of a refused chat: empty, too_long, too_fast or closed; the message has the remedy."""

    def __init__(self, code: str, sentence: str, **values: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.values = values


@dataclass(slots=True)
class VisitorPace:
    """What one visitor wrote lately."""

    lines: int = 0
    _lately: deque[tuple[datetime, str]] = field(default_factory=deque)

    def take(self, text: str, now: datetime) -> str:
        """The words as they are kept. Raises TooMuch, and then nothing counts as written."""
        words = written(text)
        self._check(now)
        before = [said for _, said in self._lately][-(MOST_REPEATED - 1) :]
        if len(before) == MOST_REPEATED - 1 and all(said == words for said in before):
            raise TooMuch("too_fast", "You have just written that: write something else.")
        self._lately.append((now, words))
        self.lines += 1
        return words

    def press(self, now: datetime) -> None:
        """A button, which may be pressed again and again. Raises TooMuch."""
        self._check(now)
        self._lately.append((now, ""))
        self.lines += 1

    def _check(self, now: datetime) -> None:
        while self._lately and now - self._lately[0][0] >= MINUTE:
            self._lately.popleft()
        if len(self._lately) >= MOST_IN_MINUTE:
            raise TooMuch("too_fast", "You are writing very fast: wait a moment.")
        if self.lines >= MOST_LINES:
            # Waiting would not help, and a page that waits sends it for ever.
            raise TooMuch("closed", "This chat is very long: end it and begin another.")


def written(text: str) -> str:
    """Without blanks around it and signs that no keyboard has; any other blank is a space. Raises TooMuch."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    words = "".join(_seen(sign) for sign in plain).strip()
    if not words:
        raise TooMuch("empty", "Write something first.")
    if len(words) > LONGEST_WORDS:
        most = str(LONGEST_WORDS)
        raise TooMuch("too_long", f"Write {most} characters at most.", most=most)
    return words


def _seen(sign: str) -> str:
    if sign.isprintable() or sign in _KEPT:
        return sign
    return " " if sign.isspace() else ""


# Emoji of several people, and scripts that join letters, are made with the last three.
_KEPT = "\n\t\u200c\u200d\ufe0f"
