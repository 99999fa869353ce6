"""Words by which people end messages, ask for them again, or ask for help: "STOP", "rezygnuję", "стоп".

Only a message that is nothing but such a word counts: "stop" within a sentence is read by a person. Case,
diacritics, punctuation, blanks and pictures do not matter, so that "Stop!!", "  stóp", "S.T.O.P." and
"REZYGNUJE" are understood as they are meant.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST_WORD = 40
# A message this long is no word, whatever it is made of.
_LONGEST_READ = 400
# Letters that do not fall apart into a plain one and a mark.
_PLAIN = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ı": "i"})


class Wish(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


_W = Wish
# "Cancel" and "end" end messages by the rules of American carriers. "Anuluj" and "отмена" are left out:
# people write them of appointments and orders. So are yes and no: they answer other questions.
WORDS: Mapping[Wish, Mapping[str, tuple[str, ...]]] = {
    _W.STOP: {
        "en": (
            "stop", "stop all", "stop sms", "stop it", "stop messages", "unsubscribe", "unsubscribe me",
            "cancel", "end", "quit", "revoke", "opt out", "optout", "remove", "remove me", "no more",
        ),
        "pl": (
            "stop", "stop sms", "rezygnuję", "rezygnacja", "rezygnuj", "wypisz", "wypisz mnie",
            "wypisuję się", "wypisz się", "wyłącz", "koniec", "nie pisz", "nie piszcie", "proszę nie pisać",
        ),
        "ru": (
            "стоп", "стоп смс", "отписка", "отписаться", "отпиши", "отпишите", "отпишите меня", "отпиши меня",
            "отказ", "отказываюсь", "хватит", "не пиши", "не пишите", "не пишите мне", "отключить",
        ),
    },
    _W.START: {
        "en": ("start", "unstop", "resume", "subscribe", "opt in", "optin"),
        "pl": ("start", "wznów", "zapisz", "zapisz mnie", "zapisuję się", "subskrybuj"),
        "ru": ("старт", "подписка", "подписаться", "подпиши", "подпишите", "подпишите меня", "возобновить"),
    },
    _W.HELP: {
        "en": ("help", "help me", "info"),
        "pl": ("pomoc", "pomocy", "info", "informacja"),
        "ru": ("помощь", "помогите", "справка", "инфо"),
    },
}  # fmt: skip


class WrongWord(ValueError):
    """An addition is refused; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Understood:
    """`language` None: an addition, or a word of several languages. `template`: what answers it, if any."""

    wish: Wish
    language: str | None
    template: str | None


def bare(text: str) -> str:
    """`text` as such words are compared: letters and digits alone, small, without diacritics.

    "" when there is none, or when it is too long to be a word.
    """
    if len(text) > _LONGEST_READ:
        return ""
    apart = unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_PLAIN)
    letters = "".join(letter for letter in apart if letter.isalnum())
    return letters if len(letters) <= LONGEST_WORD else ""


@dataclass(frozen=True, slots=True)
class OptingWords:
    """`additions`: a company's own words. `answers`: the template that answers a wish. Raises WrongWord."""

    additions: Mapping[Wish, Iterable[str]] = field(default_factory=dict)
    answers: Mapping[Wish, str] = field(default_factory=dict)
    _known: Mapping[str, tuple[Wish, str | None]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = dict(_OWN)
        for wish, words in self.additions.items():
            for word in words:
                key = bare(word)
                if not key:
                    raise WrongWord(
                        f"{word!r} is no word of messages: it needs a letter, and at most {LONGEST_WORD}."
                    )
                if (other := known.get(key, (wish, None))[0]) is not wish:
                    raise WrongWord(f"{word!r} already means {other}, not {wish}: leave it out.")
                known.setdefault(key, (wish, None))
        object.__setattr__(self, "_known", known)

    def understood(self, text: str) -> Understood | None:
        """What the whole message asks for; None for any other message."""
        if text.strip() == "?":
            return Understood(Wish.HELP, None, self.answers.get(Wish.HELP))
        found = self._known.get(bare(text))
        return None if found is None else Understood(*found, self.answers.get(found[0]))


def _own() -> dict[str, tuple[Wish, str | None]]:
    own: dict[str, tuple[Wish, str | None]] = {}
    for wish, languages in WORDS.items():
        for language, words in languages.items():
            for word in words:
                if not (key := bare(word)):
                    continue
                several = key in own and own[key][1] != language
                own[key] = (wish, None if several else language)
    return own


_OWN = _own()
