"""What holds of every decision: the next moment is the first one, more history never helps, packs add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.facts import (
    Callee,
    Channel,
    ConsentFact,
    Facts,
    Mode,
    PastContact,
    Purpose,
    Reached,
    Request,
    Requested,
)
from compliance.gate import PACKS, decide
from compliance.strictness import numbers_of, stricter
from tests.gate_cases import NEW_YORKER, VARSOVIAN, ask, consent, refused_by, utc

QUARTER = timedelta(minutes=15)
# Around the changes of clocks, the end of a month and of a year, in whole quarters so that the grid is exact.
STARTS = [
    datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
    datetime(2026, 12, 30, tzinfo=UTC),
]
moments = st.builds(
    lambda start, quarters: start + quarters * QUARTER, st.sampled_from(STARTS), st.integers(0, 300)
)

callees = st.sampled_from(
    [
        NEW_YORKER,
        VARSOVIAN,
        Callee("c6", "+18505550123", None, "US", "FL", "mobile"),
        Callee("c7", "+79160000001", None, "RU", None, "mobile"),
        Callee("c8", "+6490000001", "Pacific/Auckland", "NZ", None, "fixed"),
    ]
)
names = st.lists(st.sampled_from(sorted(PACKS)), min_size=1, max_size=3, unique=True)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Request, Facts, datetime]:
    now = draw(moments)
    back = st.integers(0, 4 * 24 * 35).map(lambda quarters: now - quarters * QUARTER)
    rows = st.builds(
        PastContact,
        at=back,
        channel=st.sampled_from([Channel.CALL, Channel.CALL, Channel.SMS]),
        kind=st.sampled_from(Reached),
        direction=st.sampled_from(["outbound", "outbound", "inbound"]),
        debt=st.sampled_from([None, "d1", "d2"]),
        abandoned=st.booleans(),
    )
    consents = st.builds(
        ConsentFact,
        channel=st.sampled_from([Channel.CALL, Channel.SMS]),
        purpose=st.sampled_from(Purpose),
        given_at=back,
        withdrawn_at=st.none() | st.integers(-600, 600).map(lambda quarters: now + quarters * QUARTER),
    )
    window = st.integers(-40, 300).map(lambda quarters: now + quarters * QUARTER)
    requested = st.builds(
        lambda at, begins, ends: Requested(
            at, begins, ends if begins is None else max(begins, ends or begins)
        ),
        back,
        st.none() | window,
        window,
    )
    request = Request(
        draw(st.sampled_from([Channel.CALL, Channel.CALL, Channel.SMS])),
        draw(st.sampled_from(Purpose)),
        draw(st.sampled_from(Mode)),
        draw(callees),
        draw(st.sampled_from([None, "d1"])),
        draw(st.none() | requested),
    )
    facts = Facts(
        consents=tuple(draw(st.lists(consents, max_size=4))), history=tuple(draw(st.lists(rows, max_size=14)))
    )
    return request, facts, now


@settings(max_examples=150, deadline=None)
@given(cases(), names)
def test_the_next_moment_is_allowed_and_none_before_it_is(
    case: tuple[Request, Facts, datetime], names: list[str]
) -> None:
    request, facts, now = case
    packs = [PACKS[name] for name in names]
    decision = decide(request, facts, packs, now)
    if decision.allowed:
        assert decision.rule is decision.reason is decision.next_allowed_at is None
        return
    following = decision.next_allowed_at
    if following is not None:
        assert following > now
        assert decide(request, facts, packs, following).allowed
    last = following if following is not None else now + timedelta(days=35)
    # Every quarter of the first three days, then every two hours.
    moment = now + QUARTER
    while moment < last:
        assert not decide(request, facts, packs, moment).allowed, moment
        moment += QUARTER if moment - now < timedelta(days=3) else 8 * QUARTER


@settings(max_examples=150, deadline=None)
@given(cases(), names, st.data())
def test_more_history_never_allows_what_was_refused(
    case: tuple[Request, Facts, datetime], names: list[str], data: st.DataObject
) -> None:
    request, facts, now = case
    packs = [PACKS[name] for name in names]
    fewer = tuple(row for row in facts.history if data.draw(st.booleans()))
    if not decide(request, replace(facts, history=fewer), packs, now).allowed:
        assert not decide(request, facts, packs, now).allowed


@settings(max_examples=150, deadline=None)
@given(cases(), names)
def test_several_packs_allow_what_each_allows(
    case: tuple[Request, Facts, datetime], names: list[str]
) -> None:
    request, facts, now = case
    together = decide(request, facts, [PACKS[name] for name in names], now)
    alone = [decide(request, facts, [PACKS[name]], now) for name in names]
    assert together.allowed is all(each.allowed for each in alone)
    ends = [each.next_allowed_at for each in alone if not each.allowed]
    if together.next_allowed_at is not None:
        assert all(end is not None and end <= together.next_allowed_at for end in ends)
    assert together == decide(request, facts, [PACKS[name] for name in names], now)


@settings(max_examples=150, deadline=None)
@given(
    cases(), st.sampled_from(["us-tsr", "us-reg-f", "uk-ofcom", "pl-debt", "ru-230fz", "service"]), st.data()
)
def test_a_stricter_pack_never_allows_more(
    case: tuple[Request, Facts, datetime], name: str, data: st.DataObject
) -> None:
    request, facts, now = case
    pack = PACKS[name]
    changes = {}
    for rule in pack.rules:
        for field, old in numbers_of(pack).get(rule.name, {}).items():
            if isinstance(old, int):
                way = {"lower": -1, "higher": 1}[rule.adjustable[field]]
                changes.setdefault(rule.name, {})[field] = max(0, old + way * data.draw(st.integers(0, 3)))
            else:
                hours = data.draw(st.integers(0, 3))
                hour = int(f"{old:%H}") + (hours if field.endswith("begins") else -hours)
                changes.setdefault(rule.name, {})[field] = f"{hour:02}:00"
    if not decide(request, facts, [pack], now).allowed:
        assert not decide(request, facts, [stricter(pack, changes)], now).allowed


def test_without_packs_only_objections_are_asked() -> None:
    decision = ask([], "2026-06-02 03:00", VARSOVIAN, purpose="marketing")
    assert decision.allowed
    assert [each.rule for each in decision.checked] == ["do-not-contact"]


def test_a_refusal_without_an_end_decides_before_one_that_passes() -> None:
    # At night, and without a consent: waiting for the morning would not help.
    decision = ask("us-tsr", "2026-06-02 05:00", NEW_YORKER, purpose="marketing", mode="predictive")
    refused_by(decision, "us-tsr/written-consent", None)
    assert {each.rule for each in decision.checked if each.verdict.value == "refuse"} == {
        "us-tsr/hours",
        "us-tsr/written-consent",
    }


def test_the_first_of_those_that_pass_decides_and_the_last_tells_when() -> None:
    decision = ask(
        "us-tsr us-reg-f pl-debt",
        "2026-06-02 05:00",  # 01:00 on Tuesday in New York; pl-debt would call from 06:00
        NEW_YORKER,
        consents=[consent("collections")],
    )
    refused_by(decision, "us-tsr/hours", "2026-06-02 12:00")


@pytest.mark.parametrize(
    ("chosen", "opens"),
    [
        ("2026-07-07 12:00", "2026-07-07 12:00"),  # 35 days ahead
        ("2026-07-07 12:01", "2026-07-07 12:01"),
        ("2026-08-31 12:00", "2026-08-31 12:00"),  # 90 days ahead, as far as a callback may be
        ("2026-08-29 03:00", "2026-08-29 06:00"),  # 05:00 of a Saturday in Warsaw: from 08:00
    ],
)
def test_a_time_that_was_chosen_months_ahead_is_told(chosen: str, opens: str) -> None:
    begins = utc(chosen)
    requested = Requested(utc("2026-06-02 11:00"), begins, begins + timedelta(hours=6))
    decision = ask("service pl-debt", "2026-06-02 12:00", VARSOVIAN, requested=requested)
    refused_by(decision, "service/hours", opens)


def test_clocks_that_differ_only_months_ahead_are_told_apart() -> None:
    # Arizona and its neighbours have one clock in winter. On 4 April it is 20:30 here, 21:30 there.
    callee = Callee("c1", "+19285550123", None, "US", "AZ", "fixed")
    begins = utc("2027-04-05 03:30")
    requested = Requested(utc("2027-01-05 17:00"), begins, begins + timedelta(days=1))
    decision = ask("us-reg-f service", "2027-01-05 18:00", callee, requested=requested)
    refused_by(decision, "service/hours", "2027-04-05 15:00")


def test_a_naive_now_is_refused() -> None:
    request = Request(Channel.CALL, Purpose.SERVICE, Mode.MANUAL, VARSOVIAN)
    with pytest.raises(ValueError, match="zone"):
        decide(request, Facts(), [], datetime(2026, 6, 2, 12))


def test_now_may_be_told_in_any_zone() -> None:
    request = Request(Channel.CALL, Purpose.COLLECTIONS, Mode.MANUAL, VARSOVIAN)
    packs = [PACKS["pl-debt"]]
    here = datetime.fromisoformat("2026-06-02T00:30:00+02:00")
    assert decide(request, Facts(), packs, here) == decide(request, Facts(), packs, here.astimezone(UTC))
