from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from speech.phrases import NOTHING, PhraseBook, Reading, free_text, words_of


def book(*phrases: str) -> PhraseBook:
    return PhraseBook(phrases, lambda word: True)


def one(text: str) -> list[Reading]:
    return [Reading(text, 100.0, 1.0)]


def test_words_are_taken_as_a_vocabulary_has_them() -> None:
    assert words_of("Track a Parcel, please!") == ["track", "a", "parcel", "please"]
    assert words_of("I’m o'clock 'quoted'") == ["i'm", "o'clock", "quoted"]
    assert words_of("Paczkę  śledź-no") == ["paczkę", "śledź", "no"]
    assert words_of("…") == []


def test_the_answer_is_the_phrase_as_it_was_written() -> None:
    understood = book("Order Status", "Agent!").closest(one("order status"), 1.0)
    assert understood.text == "Order Status"
    assert understood.confidence == understood.margin == 1.0


def test_case_and_marks_do_not_matter() -> None:
    assert book("Śledź paczkę").closest(one("sledz paczke"), 1.0).text == "Śledź paczkę"
    assert book("Złoty").closest(one("zloty"), 1.0).text == "Złoty"


def test_a_reading_with_a_missing_word_is_less_certain() -> None:
    menu = book("track a parcel", "talk to an agent")
    understood = menu.closest(one("track parcel"), 1.0)
    assert understood.text == "track a parcel"
    assert 0.6 < understood.confidence < 1.0


def test_words_of_no_phrase_are_not_understood() -> None:
    menu = book("track a parcel", "talk to an agent")
    assert menu.closest(one("[unk]"), 1.0) == NOTHING
    assert menu.closest(one(""), 1.0) == NOTHING
    assert menu.closest(one("to to"), 1.0) == NOTHING
    assert menu.closest([], 1.0) == NOTHING


def test_rivals_leave_a_small_margin() -> None:
    menu = book("fifteen", "fifty")
    rivals = menu.closest([Reading("fifty", 100.0, 1.0), Reading("fifteen", 99.9, 1.0)], 1.0)
    clear = menu.closest([Reading("fifty", 100.0, 1.0), Reading("fifteen", 80.0, 1.0)], 1.0)
    assert rivals.text == clear.text == "fifty"
    assert rivals.margin < 0.05
    assert clear.margin > 0.9


def test_two_readings_of_one_phrase_count_together() -> None:
    menu = book("track my parcel now", "cancel")
    alone = [Reading("cancel", 100.0, 1.0), Reading("track my parcel now", 99.9, 1.0)]
    assert menu.closest(alone, 1.0).text == "cancel"
    supported = [*alone, Reading("track my parcel", 99.9, 1.0)]
    assert menu.closest(supported, 1.0).text == "track my parcel now"


def test_a_short_phrase_does_not_cover_long_speech() -> None:
    menu = book("operator")
    assert menu.closest([Reading("operator", 100.0, 0.6)], 0.7).confidence == 1.0
    assert menu.closest([Reading("operator", 100.0, 0.3)], 3.0).confidence < 0.5


def test_unknown_words_are_left_out_of_the_grammar() -> None:
    menu = PhraseBook(["call infolinia", "infolinia"], lambda word: word != "infolinia")
    assert menu.grammar() == ["call", "[unk]"]
    assert menu.closest(one("call"), 1.0).text == "call infolinia"
    assert not PhraseBook(["infolinia"], lambda word: False)


def test_models_without_yo_are_asked_without_it() -> None:
    assert PhraseBook(["ещё"], lambda word: word == "еще").grammar() == ["еще", "[unk]"]


def test_a_sequence_is_cut_into_its_longest_phrases() -> None:
    digits = book("Two", "five", "double five")
    words = [("two", 1.0), ("double", 0.9), ("five", 0.8), ("five", 1.0)]
    understood = digits.sequence(words)
    assert understood.text == "Two double five five"
    assert understood.margin == 0.8
    assert digits.sequence([("double", 1.0)]) == NOTHING
    assert digits.sequence([("two", 1.0), ("double", 1.0)]).confidence == 0.5


def test_a_word_missed_leaves_no_margin() -> None:
    numbers = book("one", "hundred", "five")
    understood = numbers.sequence([("[unk]", 1.0), ("hundred", 1.0), ("five", 0.9)])
    assert understood.text == "hundred five"
    assert understood.confidence == 0.95
    assert understood.margin == 0.0
    assert numbers.sequence([("[unk]", 1.0)]) == NOTHING


def test_free_words() -> None:
    assert free_text([("hello", 1.0), ("[unk]", 1.0), ("there", 0.5)]).text == "hello there"
    assert free_text([("hello", 1.0), ("there", 0.5)]).confidence == 0.75
    assert free_text([("[unk]", 1.0)]) == NOTHING


WORDS = st.sampled_from(["yes", "no", "agent", "order", "[unk]", "the"])
TEXTS = st.lists(WORDS, max_size=4).map(" ".join)


@given(st.lists(TEXTS, min_size=1, max_size=6), st.lists(st.tuples(TEXTS, st.floats(0, 500)), max_size=8))
def test_only_given_phrases_are_ever_understood(
    phrases: list[str], readings: list[tuple[str, float]]
) -> None:
    understood = book(*phrases).closest(
        [Reading(text, likelihood, 0.5) for text, likelihood in readings], 1.0
    )
    assert understood.text in {*phrases, ""}
    assert 0.0 <= understood.margin <= understood.confidence <= 1.0
