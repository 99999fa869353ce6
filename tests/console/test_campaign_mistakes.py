"""What is wrong with a campaign is told in the reader's language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dialer
from console.campaigns.mistake_telling import mistake_told
from console.words import load_words
from dialer.mistake_codes import SENTENCES
from dialer.mistakes import Mistake, MistakeCode

WORDS = load_words()
CASES = [
    Mistake("retry.recycling.busy.after_seconds", MistakeCode.AGAIN_IN_GAP,
            {"result": "busy", "wait": 600, "gap": 2 * 86_400}),
    Mistake("mode", MistakeCode.MODE_BANNED, {"mode": "predictive", "allowed": ()}),
    Mistake("hours", MistakeCode.UNKNOWN, {"noun": "hours", "name": "night", "known": ("day", "office")}),
    Mistake("retry.recycling.busy.most", MistakeCode.AGAIN_ABOVE_NUMBER,
            {"result": "busy", "again": 3, "calls": 4, "allows": 2, "most": 1}),
]  # fmt: skip


def test_every_mistake_has_words_and_the_english_ones_are_the_sentences() -> None:
    assert set(SENTENCES) == set(MistakeCode)
    for code, sentence in SENTENCES.items():
        assert WORDS["en"].table[f"mistake_{code}"] == sentence
        others = {words.table[f"mistake_{code}"] for words in WORDS.values()}
        assert len(others) == len(WORDS), code


def test_no_mistake_is_made_without_a_code_and_no_code_is_left_over() -> None:
    used: set[str] = set()
    for path in Path(dialer.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path.name != "mistake_codes.py" and isinstance(node, ast.Attribute) and node.attr.isupper():
                used.add(node.attr)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Mistake":
                assert len(node.args) >= 2, f"{path.name}:{node.lineno}"
                assert not isinstance(node.args[1], ast.Constant | ast.JoinedStr), (
                    f"{path.name}:{node.lineno}"
                )
    assert {code.name for code in MistakeCode} <= used


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            [
                "10 minutes after Busy is within the gap of 2 days between calls to one person: set it "
                "to the gap at least.",
                "The campaign's rules ban predictive dialling; what they allow is none.",
                "There is no set of hours 'night'; known are: day, office.",
                "After Busy the same number is called 3 times more, and a number gets 2 calls: set 1 at "
                "most, or have the next number called.",
            ],
        ),
        (
            "pl",
            [
                "Czas po wyniku „Zajęte” (10 minut) mieści się w odstępie między połączeniami do jednej "
                "osoby (2 dni): ustaw co najmniej ten odstęp.",
                "Przepisy kampanii zabraniają trybu: predykcyjny; dozwolone: nic.",
                "Nie ma godzin „night”; znane: day, office.",
                "Po wyniku „Zajęte” ten sam numer jest wybierany jeszcze 3 razy, a na numer przypada "
                "połączeń: 2. Ustaw najwyżej 1 albo wybieraj następny numer.",
            ],
        ),
        (
            "ru",
            [
                "Срок после итога «Занято» (10 минут) — внутри промежутка между звонками одному человеку "
                "(2 дня): установите не меньше этого промежутка.",
                "Правила кампании запрещают режим: предиктивный; разрешено: ничего.",
                "Нет часов работы «night»; известны: day, office.",
                "После итога «Занято» на тот же номер звонят ещё 3 раза, а на номер приходится звонков: 2. "
                "Установите не более 1 или звоните на следующий номер.",
            ],
        ),
    ],
)
def test_names_times_and_results_are_told_in_the_reader_s_words(language: str, told: list[str]) -> None:
    assert [mistake_told(one, WORDS[language]) for one in CASES] == told
