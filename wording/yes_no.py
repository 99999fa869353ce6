"""Yes and no, as people say them."""

from __future__ import annotations

from wording.phrases import normalised

YES = {
    "pl": (
        "tak",
        "tak tak",
        "tak jest",
        "tak proszę",
        "tak zgadza się",
        "zgadza się",
        "wszystko się zgadza",
        "zgadzam się",
        "tak zgadzam się",
        "wyrażam zgodę",
        "dobrze",
        "poprawnie",
        "dokładnie",
        "jasne",
        "oczywiście",
        "pewnie",
        "potwierdzam",
        "tak potwierdzam",
        "zgoda",
        "owszem",
        "ależ oczywiście",
        "tak oczywiście",
        "to prawda",
    ),
    "en": (
        "yes",
        "yeah",
        "yep",
        "yes please",
        "yes it is",
        "yes that's right",
        "yes i do",
        "right",
        "that's right",
        "that is right",
        "correct",
        "that's correct",
        "sure",
        "of course",
        "okay",
        "i agree",
        "yes i agree",
        "yes correct",
        "yes of course",
        "absolutely",
        "exactly",
        "okay yes",
    ),
    "ru": (
        "да",
        "да да",
        "да верно",
        "да правильно",
        "да пожалуйста",
        "да конечно",
        "верно",
        "всё верно",
        "правильно",
        "всё правильно",
        "хорошо",
        "точно",
        "конечно",
        "согласен",
        "согласна",
        "подтверждаю",
        "да согласен",
        "да согласна",
        "да подтверждаю",
        "да всё верно",
        "именно",
        "так и есть",
    ),
}
NO = {
    "pl": (
        "nie",
        "nie nie",
        "nie zgadza się",
        "nie zgadzam się",
        "nie wyrażam zgody",
        "nie dziękuję",
        "nie chcę",
        "źle",
        "niepoprawnie",
        "nieprawda",
        "błąd",
        "to nieprawda",
        "to błąd",
        "niestety nie",
        "raczej nie",
        "nie o to chodzi",
        "absolutnie nie",
    ),
    "en": (
        "no",
        "nope",
        "no thanks",
        "no thank you",
        "no it isn't",
        "no i don't",
        "wrong",
        "that's wrong",
        "not right",
        "that's not right",
        "not correct",
        "incorrect",
        "i don't agree",
        "no no",
        "no that's wrong",
        "it's wrong",
        "not really",
        "of course not",
        "i do not agree",
    ),
    "ru": (
        "нет",
        "нет нет",
        "нет спасибо",
        "нет неверно",
        "неверно",
        "неправильно",
        "не верно",
        "не правильно",
        "не согласен",
        "не согласна",
        "не хочу",
        "не надо",
        "ошибка",
        "нет не верно",
        "нет не согласен",
        "это ошибка",
        "это не так",
        "конечно нет",
        "неправда",
    ),
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
