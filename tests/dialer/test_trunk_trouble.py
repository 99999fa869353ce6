"""A trunk that fails is left alone, tried with one call, and told of once."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dialer.results import AttemptResult
from dialer.trunk_trouble import LONGEST_WAIT, Trunk, TrunkNews, TrunkState, dialled, down, may_dial, told
from tests.dialer.leads_and_calls import MONDAY, R

NUMBERS = [f"+48600000{n:03}" for n in range(10)]


def failing(trunk: Trunk, numbers: list[str], result: AttemptResult = R.CONGESTION) -> Trunk:
    for number in numbers:
        trunk, _ = told(trunk, number, result, MONDAY)
    return trunk


def test_three_different_numbers_on_end_break_it() -> None:
    trunk = failing(Trunk("main"), NUMBERS[:2])
    assert may_dial(trunk, MONDAY)
    trunk, news = told(trunk, NUMBERS[2], R.CONGESTION, MONDAY)
    assert (trunk.state, news) == (TrunkState.BROKEN, TrunkNews.BROKE)
    assert not may_dial(trunk, MONDAY + timedelta(seconds=9))
    assert may_dial(trunk, MONDAY + timedelta(seconds=10))


def test_one_number_that_always_fails_breaks_nothing() -> None:
    assert failing(Trunk("main"), NUMBERS[:1] * 20).state is TrunkState.OK


def test_a_call_that_gets_through_begins_the_count_anew() -> None:
    for good in (None, R.BUSY, R.NO_ANSWER, R.UNALLOCATED, R.MACHINE):
        trunk, news = told(failing(Trunk("main"), NUMBERS[:2]), NUMBERS[2], good, MONDAY)
        assert (trunk, news) == (Trunk("main"), None)


def test_calls_that_were_out_when_it_broke_change_nothing() -> None:
    broken = failing(Trunk("main"), NUMBERS[:3])
    later = failing(broken, NUMBERS[3:])
    assert (later.until, later.waits) == (broken.until, broken.waits)


def test_one_call_tries_it_and_each_failure_doubles_the_wait() -> None:
    trunk, now, waits = failing(Trunk("main"), NUMBERS[:3]), MONDAY, []
    for _ in range(7):
        assert trunk.until is not None
        waits.append((trunk.until - now).total_seconds())
        now = trunk.until
        trunk = dialled(trunk, now)
        assert not may_dial(trunk, now)  # one is enough
        trunk, news = told(trunk, NUMBERS[0], R.CONGESTION, now)
        assert news is None  # the manager knows
    assert waits == [10, 20, 40, 80, 160, 300, 300]
    assert trunk.until is not None
    trunk, news = told(dialled(trunk, trunk.until), NUMBERS[0], None, trunk.until)
    assert (trunk, news) == (Trunk("main"), TrunkNews.MENDED)


def test_a_trial_of_which_nothing_is_heard_does_not_block_it_for_ever() -> None:
    trunk = failing(Trunk("main"), NUMBERS[:3])
    trunk = dialled(trunk, MONDAY + timedelta(seconds=10))
    assert may_dial(trunk, MONDAY + timedelta(seconds=70))


def test_what_the_engine_lost_is_not_the_trunks_fault() -> None:
    trunk = failing(Trunk("main"), NUMBERS[:2])
    assert told(trunk, NUMBERS[2], R.LOST, MONDAY) == (trunk, None)


def test_a_trunk_that_does_not_answer_is_broken_at_once() -> None:
    trunk, news = down(Trunk("main"), MONDAY)
    assert (trunk.state, news) == (TrunkState.BROKEN, TrunkNews.BROKE)
    assert down(trunk, MONDAY) == (trunk, None)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(NUMBERS), st.sampled_from([None, *AttemptResult]), st.integers(0, 400)),
        max_size=40,
    )
)
def test_it_is_always_tried_again_and_news_alternate(
    steps: list[tuple[str, AttemptResult | None, int]],
) -> None:
    trunk, now, all_news = Trunk("main"), MONDAY, []
    for number, result, seconds in steps:
        now += timedelta(seconds=seconds)
        if may_dial(trunk, now):
            trunk = dialled(trunk, now)
        trunk, news = told(trunk, number, result, now)
        if news is not None:
            all_news.append(news)
        assert may_dial(trunk, now + LONGEST_WAIT)
        assert (trunk.state is TrunkState.OK) == (trunk.since is None)
    assert all_news == [TrunkNews.BROKE, TrunkNews.MENDED] * (len(all_news) // 2) + (
        [TrunkNews.BROKE] if len(all_news) % 2 else []
    )
