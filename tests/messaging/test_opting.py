"""What ends messages, starts them again, or asks for help, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.opting import WORDS, OptingWords, Wish, WrongWord, bare

OWN = OptingWords()


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", "STOP.", "Stop!!", "  stóp ", "S.T.O.P.", "stop 🙏", "„STOP”", "Stop sms", "STOP\n",
        "ＳＴＯＰ",
        "unsubscribe", "Opt out", "opt-out",
        "Rezygnuję", "REZYGNUJE", "wypisz mnie!", "Wyłącz", "wylacz",
        "стоп", "СТОП!", "Отпишите меня.", "не пишите мне",
    ],
)  # fmt: skip
def test_it_ends_messages(text: str) -> None:
    understood = OWN.understood(text)
    assert understood is not None
    assert understood.wish is Wish.STOP


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "...", "😀", "please stop calling me", "nie chcę stop", "stop?? what is this about",
        "When does the bus stop", "no", "nie", "нет", "yes", "anuluj", "stopp", "не стоп, а пауза",
        "x" * 5_000,
        "s t o p " * 100,
    ],
)  # fmt: skip
def test_a_person_has_to_read_it(text: str) -> None:
    assert OWN.understood(text) is None


@pytest.mark.parametrize(
    ("text", "wish"),
    [("START", "start"), ("wznów", "start"), ("Старт", "start"), ("HELP", "help"), ("?", "help"),
     (" Pomoc ", "help"), ("справка", "help"), ("info", "help")],
)  # fmt: skip
def test_starting_and_help(text: str, wish: str) -> None:
    understood = OWN.understood(text)
    assert understood is not None
    assert understood.wish == wish


def test_the_language_is_told_where_the_word_has_one() -> None:
    assert OWN.understood("rezygnuję").language == "pl"  # type: ignore[union-attr]
    assert OWN.understood("хватит").language == "ru"  # type: ignore[union-attr]
    assert OWN.understood("stop").language is None  # type: ignore[union-attr]


def test_additions_and_answers() -> None:
    words = OptingWords({Wish.STOP: ["Dosyć"], Wish.HELP: ["kto to"]}, {Wish.STOP: "stopped"})
    understood = words.understood("DOSYC!")
    assert understood is not None
    assert (understood.wish, understood.template) == (Wish.STOP, "stopped")
    assert words.understood("Kto to?").wish is Wish.HELP  # type: ignore[union-attr]
    assert words.understood("help").template is None  # type: ignore[union-attr]
    assert OWN.understood("dosyć") is None


def test_an_addition_cannot_turn_a_word_round() -> None:
    with pytest.raises(WrongWord, match="'Stóp' already means stop, not start: leave it out"):
        OptingWords({Wish.START: ["Stóp"]})
    with pytest.raises(WrongWord, match="needs a letter"):
        OptingWords({Wish.STOP: ["!!"]})
    with pytest.raises(WrongWord, match="'TAK' already means stop, not start"):
        OptingWords({Wish.STOP: ["tak"], Wish.START: ["TAK"]})


def test_no_word_of_ours_means_two_things() -> None:
    meanings: dict[str, set[Wish]] = {}
    for wish, languages in WORDS.items():
        for words in languages.values():
            for word in words:
                meanings.setdefault(bare(word), set()).add(wish)
    assert all(len(wishes) == 1 for wishes in meanings.values())
    assert "" not in meanings


@given(st.text(max_size=300))
def test_nothing_breaks_it(text: str) -> None:
    OWN.understood(text)
