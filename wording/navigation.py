"""Words that work everywhere in a conversation: say it again, go back, give me a person."""

from __future__ import annotations

from enum import StrEnum

from wording.phrases import normalised


class Wish(StrEnum):
    REPEAT = "repeat"
    BACK = "back"
    AGENT = "agent"


PHRASES: dict[str, dict[Wish, tuple[str, ...]]] = {
    "pl": {
        Wish.REPEAT: ("powtórz", "proszę powtórzyć", "powtórzyć", "jeszcze raz", "słucham"),
        Wish.BACK: ("wstecz", "wróć", "cofnij", "wrócić", "z powrotem"),
        Wish.AGENT: ("konsultant", "konsultanta", "konsultantem", "człowiek", "z człowiekiem", "operator"),
    },
    "en": {
        Wish.REPEAT: ("repeat", "repeat that", "again", "say again", "pardon"),
        Wish.BACK: ("back", "go back", "previous"),
        Wish.AGENT: ("agent", "operator", "a person", "person", "human", "representative"),
    },
    "ru": {
        Wish.REPEAT: ("повторите", "повтори", "повторить", "ещё раз", "не расслышал", "не расслышала"),
        Wish.BACK: ("назад", "вернуться", "вернись", "обратно"),
        Wish.AGENT: ("оператор", "оператора", "с оператором", "специалист", "человек", "с человеком"),
    },
}

_MEANING = {
    language: {normalised(phrase): wish for wish, phrases in wishes.items() for phrase in phrases}
    for language, wishes in PHRASES.items()
}


def navigation_phrases(language: str) -> tuple[str, ...]:
    """All words of navigation; empty for a language that is not known here."""
    return tuple(phrase for phrases in PHRASES.get(language, {}).values() for phrase in phrases)


def understood_wish(text: str, language: str) -> Wish | None:
    """What the caller wishes, or None when it is not about navigation."""
    return _MEANING.get(language, {}).get(normalised(text))
