from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.endpointing import FRAME_SECONDS, Endpointing, EndpointingTimes, SpeechBegan, SpeechEnded

TIMES = EndpointingTimes(silence_seconds=0.4, longest_seconds=3.0)


def hear(drawing: str, times: EndpointingTimes = TIMES) -> list[tuple[int, SpeechBegan | SpeechEnded]]:
    """Frames drawn as x (voiced) and . (not), with the frame at which each change was told."""
    endpointing = Endpointing(times)
    changes = ((at, endpointing.hear(mark == "x")) for at, mark in enumerate(drawing))
    return [(at, change) for at, change in changes if change is not None]


def test_an_utterance_begins_at_its_onset_and_ends_after_the_silence() -> None:
    (began_at, began), (ended_at, ended) = hear("." * 50 + "x" * 30 + "." * 30)
    assert began_at == 53  # the fourth voiced frame: 80 ms
    assert began == SpeechBegan(start_frame=50 - 15)  # 300 ms of padding
    assert ended_at == 79 + 20  # 400 ms after the last voiced frame
    assert isinstance(ended, SpeechEnded)
    assert ended.seconds == pytest.approx(0.6)
    assert not ended.at_limit


def test_padding_does_not_reach_before_the_first_frame() -> None:
    assert hear("..xxxx")[0][1] == SpeechBegan(start_frame=0)


@pytest.mark.parametrize("noise", ["x..........", "xxx........", "x..x......x...", "xx.x........"])
def test_clicks_and_crackling_are_no_speech(noise: str) -> None:
    assert hear(noise * 50) == []


def test_a_pause_inside_a_phrase_does_not_end_it() -> None:
    changes = hear("x" * 20 + "." * 19 + "x" * 20 + "." * 40)
    assert [type(change) for _, change in changes] == [SpeechBegan, SpeechEnded]


def test_clicks_after_the_last_word_do_not_hold_the_turn_open() -> None:
    quiet = hear("x" * 20 + "." * 40)
    noisy = hear("x" * 20 + ".....x....xx..." * 3)
    assert [type(change) for _, change in noisy] == [SpeechBegan, SpeechEnded]
    assert noisy[1][0] - quiet[1][0] <= 3


def test_endless_speech_is_cut_at_the_limit_and_goes_on_as_another_utterance() -> None:
    changes = [change for _, change in hear("x" * 400)]
    first_end = changes[1]
    assert isinstance(first_end, SpeechEnded)
    assert first_end.at_limit
    second_begin = changes[2]
    assert isinstance(second_begin, SpeechBegan)
    assert second_begin.start_frame >= first_end.end_frame


def test_impossible_times_are_refused() -> None:
    with pytest.raises(ValueError, match="onset"):
        EndpointingTimes(0.4, onset_seconds=0.5, window_seconds=0.1)
    with pytest.raises(ValueError, match="silence"):
        EndpointingTimes(0.0)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40),
    st.floats(0.1, 1.5),
    st.floats(0.5, 5.0),
)
def test_whatever_is_heard(runs: list[tuple[bool, int]], silence: float, longest: float) -> None:
    times = EndpointingTimes(silence_seconds=silence, longest_seconds=longest)
    drawing = "".join(("x" if voiced else ".") * frames for voiced, frames in runs) + "." * 100
    changes = hear(drawing, times)
    # Beginnings and ends alternate, and after enough silence nobody speaks any more.
    kinds = [type(change) for _, change in changes]
    assert kinds == [SpeechBegan, SpeechEnded] * (len(kinds) // 2)
    spans = []
    for (began_at, began), (ended_at, ended) in zip(changes[::2], changes[1::2], strict=True):
        assert isinstance(began, SpeechBegan)
        assert isinstance(ended, SpeechEnded)
        assert 0 <= began.start_frame <= began_at < ended.end_frame == ended_at + 1
        assert 0 < ended.seconds <= longest + FRAME_SECONDS
        spans.append((began.start_frame, ended.end_frame))
    # No frame belongs to two utterances.
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
