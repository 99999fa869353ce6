"""Yes and no, as people say them."""

from __future__ import annotations

from wording.phrases import normalised

YES = {
    "pl": (
        "tak",
        "tak tak",
        "tak zgadza się",
        "zgadza się",
        "dobrze",
        "poprawnie",
        "dokładnie",
        "jasne",
        "potwierdzam",
    ),
    "en": ("yes", "yeah", "yes please", "yep", "right", "that's right", "correct", "sure"),
    "ru": ("да", "да да", "да верно", "верно", "правильно", "хорошо", "точно", "конечно", "подтверждаю"),
}
NO = {
    "pl": ("nie", "nie nie", "nie zgadza się", "nie dziękuję", "źle", "niepoprawnie", "błąd"),
    "en": ("no", "nope", "no thanks", "no thank you", "wrong", "that's wrong", "not right", "incorrect"),
    "ru": ("нет", "нет нет", "неверно", "неправильно", "не верно", "не правильно", "нет спасибо", "ошибка"),
}

_MEANING = {
    language: {normalised(p): True for p in YES[language]} | {normalised(p): False for p in NO[language]}
    for language in YES
}


def yes_no_phrases(language: str) -> tuple[str, ...]:
    """All that is understood as yes or no; empty for a language that is not known here."""
    return YES.get(language, ()) + NO.get(language, ())


def understood_yes_no(text: str, language: str) -> bool | None:
    """True for yes, False for no, None for anything else."""
    return _MEANING.get(language, {}).get(normalised(text))
