"""Yes and no: forty examples and more in each language."""

from __future__ import annotations

import pytest

from wording.yes_no import understood_yes_no

YES = {
    "pl": (
        "tak|Tak.|TAK!|tak, tak|tak jest|tak, proszę|Tak, zgadza się.|zgadza się|"
        "Wszystko się zgadza.|zgadzam się|tak, zgadzam się|wyrażam zgodę|dobrze|poprawnie|"
        "dokładnie|jasne|oczywiście|pewnie|potwierdzam|tak, potwierdzam|zgoda|owszem|"
        "ależ oczywiście|tak, oczywiście|to prawda"
    ),
    "en": (
        "yes|Yes.|YES!|yeah|yep|Yes, please.|yes it is|Yes, that's right.|yes I do|right|"
        "that's right|that is right|correct|that's correct|sure|of course|okay|I agree|"
        "yes, I agree|yes, correct|yes, of course|absolutely|exactly|Okay, yes."
    ),
    "ru": (
        "да|Да.|ДА!|да, да|да, верно|да, правильно|да, пожалуйста|да, конечно|верно|всё верно|"
        "все верно|правильно|всё правильно|хорошо|точно|конечно|согласен|согласна|подтверждаю|"
        "да, согласен|да, согласна|да, подтверждаю|Да, всё верно.|именно|так и есть"
    ),
}
NO = {
    "pl": (
        "nie|Nie.|nie, nie|nie zgadza się|Nie zgadzam się.|nie wyrażam zgody|nie, dziękuję|"
        "nie chcę|źle|niepoprawnie|nieprawda|błąd|to nieprawda|to błąd|niestety nie|raczej nie|"
        "Nie o to chodzi.|absolutnie nie"
    ),
    "en": (
        "no|No.|nope|No, thanks.|no thank you|no it isn't|no I don't|wrong|that's wrong|not right|"
        "that's not right|not correct|incorrect|I don't agree|no, no|No, that's wrong.|it's wrong|"
        "not really|of course not|I do not agree"
    ),
    "ru": (
        "нет|Нет.|нет, нет|нет, спасибо|нет, неверно|неверно|неправильно|не верно|не правильно|"
        "не согласен|не согласна|не хочу|не надо|ошибка|нет, не верно|нет, не согласен|это ошибка|"
        "Это не так.|конечно нет|неправда"
    ),
}
NEITHER = {
    "pl": ("może|nie wiem|tak i nie|paczka|takie|nieco||yes"),
    "en": ("maybe|I don't know|yes and no|parcel|note|yesterday||tak"),
    "ru": ("может быть|не знаю|и да и нет|посылка|наверное|неделя||no"),
}
EXAMPLES = [
    (language, text, meaning)
    for table, meaning in ((YES, True), (NO, False), (NEITHER, None))
    for language, texts in table.items()
    for text in texts.split("|")
]


@pytest.mark.parametrize(("language", "text", "meaning"), EXAMPLES)
def test_understood(language: str, text: str, meaning: bool | None) -> None:
    assert understood_yes_no(text, language) is meaning


@pytest.mark.parametrize("language", ["pl", "en", "ru"])
def test_there_are_forty_examples(language: str) -> None:
    assert len({text for own, text, _ in EXAMPLES if own == language}) >= 40
