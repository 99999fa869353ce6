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
        Wish.REPEAT: (
            "powtórz",
            "powtórzyć",
            "powtórka",
            "proszę powtórzyć",
            "proszę o powtórzenie",
            "czy można powtórzyć",
            "jeszcze raz",
            "jeszcze raz proszę",
            "słucham",
            "nie słyszałem",
            "nie słyszałam",
            "nie dosłyszałem",
            "nie dosłyszałam",
        ),
        Wish.BACK: (
            "wstecz",
            "wróć",
            "wrócić",
            "proszę wrócić",
            "cofnij",
            "cofnąć",
            "z powrotem",
            "poprzednie",
            "poprzedni krok",
        ),
        Wish.AGENT: (
            "konsultant",
            "konsultanta",
            "konsultantem",
            "konsultantka",
            "konsultantką",
            "z konsultantem",
            "z konsultantką",
            "proszę konsultanta",
            "proszę z konsultantem",
            "połącz z konsultantem",
            "połączyć z konsultantem",
            "proszę połączyć z konsultantem",
            "rozmowa z konsultantem",
            "chcę rozmawiać z konsultantem",
            "operator",
            "operatora",
            "operatorem",
            "z operatorem",
            "doradca",
            "doradcy",
            "doradcą",
            "z doradcą",
            "pracownik",
            "z pracownikiem",
            "człowiek",
            "człowieka",
            "z człowiekiem",
            "żywy człowiek",
        ),
    },
    "en": {
        Wish.REPEAT: (
            "repeat",
            "repeat that",
            "repeat please",
            "please repeat",
            "again",
            "once again",
            "once more",
            "one more time",
            "say again",
            "say that again",
            "pardon",
            "what was that",
        ),
        Wish.BACK: ("back", "go back", "previous", "step back"),
        Wish.AGENT: (
            "agent",
            "an agent",
            "agent please",
            "talk to an agent",
            "speak to an agent",
            "operator",
            "operator please",
            "representative",
            "a representative",
            "speak to a representative",
            "person",
            "a person",
            "real person",
            "a real person",
            "speak to a person",
            "talk to a person",
            "human",
            "a human",
            "speak to someone",
            "talk to someone",
        ),
    },
    "ru": {
        Wish.REPEAT: (
            "повторите",
            "повтори",
            "повторить",
            "повторите пожалуйста",
            "можно повторить",
            "ещё раз",
            "ещё раз пожалуйста",
            "не расслышал",
            "не расслышала",
            "не слышал",
            "не слышала",
        ),
        Wish.BACK: ("назад", "вернуться", "вернись", "вернитесь", "обратно", "вернуться назад"),
        Wish.AGENT: (
            "оператор",
            "оператора",
            "оператору",
            "оператором",
            "с оператором",
            "соедините с оператором",
            "соединить с оператором",
            "переключите на оператора",
            "позовите оператора",
            "консультант",
            "консультанта",
            "консультантом",
            "с консультантом",
            "соедините с консультантом",
            "специалист",
            "специалиста",
            "специалистом",
            "со специалистом",
            "сотрудник",
            "с сотрудником",
            "человек",
            "человека",
            "с человеком",
            "живой человек",
        ),
    },
}

# Where numbers and days are dictated, every short word in the grammar is one that a digit can be taken for:
# "to" and "time" cost two digits of fifteen. So only the few that sound like none are listened for there.
BESIDE_DICTATION: dict[str, tuple[str, ...]] = {
    "pl": (
        "powtórz",
        "powtórzyć",
        "jeszcze raz",
        "wstecz",
        "wróć",
        "cofnij",
        "konsultant",
        "konsultanta",
        "konsultantem",
        "operator",
        "człowiek",
    ),
    "en": (
        "repeat",
        "repeat that",
        "again",
        "pardon",
        "back",
        "go back",
        "previous",
        "agent",
        "operator",
        "person",
        "human",
        "representative",
    ),
    "ru": (
        "повторите",
        "повторить",
        "ещё раз",
        "назад",
        "вернуться",
        "оператор",
        "оператора",
        "специалист",
        "человек",
    ),
}

_MEANING = {
    language: {normalised(phrase): wish for wish, phrases in wishes.items() for phrase in phrases}
    for language, wishes in PHRASES.items()
}


def navigation_phrases(language: str) -> tuple[str, ...]:
    """All words of navigation; empty for a language that is not known here."""
    return tuple(phrase for phrases in PHRASES.get(language, {}).values() for phrase in phrases)


def navigation_beside_dictation(language: str) -> tuple[str, ...]:
    """Those that are listened for while numbers are dictated; all are understood when they are heard."""
    return BESIDE_DICTATION.get(language, ())


def understood_wish(text: str, language: str) -> Wish | None:
    """What the caller wishes, or None when it is not about navigation."""
    return _MEANING.get(language, {}).get(normalised(text))
