"""What holds of every plan, whatever the campaign, the lead, the call and the agent's word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.facts import Mode
from compliance.pack import CampaignLimits
from dialer.attempt import counts
from dialer.before_dialling import ToDial, before_dialling
from dialer.campaign import Campaign
from dialer.lead import BUSY, Lead, LeadCallback, LeadNumber, LeadState, NumberState
from dialer.recycling import AttemptCaps, BestTime, Recycling, RetryRules
from dialer.results import NETWORK_TROUBLE, AttemptResult
from dialer.retry import plan
from history.dispositions import TRADE, Disposition
from schedules.spans import parse_spans
from tests.dialer.leads_and_calls import HOME, MOBILE, WORK, attempt, campaign, dialled_again, lead

ZONES = ("Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", None, "Mars/Base")
PARTS = (BestTime(), BestTime(parse_spans("0:00-9:00, 9:00-17:00, 17:00-24:00")))
# With the days on which clocks change in all of the zones.
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
seconds = st.integers(0, 5 * 86_400)


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    recycled = st.dictionaries(
        st.sampled_from(AttemptResult),
        st.builds(Recycling, seconds, st.integers(0, 4), st.booleans()),
    )
    caps = st.builds(
        AttemptCaps, st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.integers(0, 86_400)
    )
    rules = st.builds(RetryRules, recycled, caps, st.sampled_from(PARTS))
    mode = st.sampled_from((Mode.PREDICTIVE, Mode.AGENTLESS, Mode.PREVIEW))
    return campaign(
        retry=draw(rules), mode=draw(mode), time_zone=draw(st.sampled_from(["UTC", "Asia/Tokyo"]))
    )


@st.composite
def leads(draw: st.DrawFn, now: datetime) -> Lead:
    numbers = tuple(
        LeadNumber(number, "", draw(st.integers(0, 5)), draw(st.sampled_from(NumberState)))
        for number in draw(st.sampled_from([(MOBILE,), (MOBILE, HOME), (HOME, MOBILE, WORK)]))
    )
    begins = now + timedelta(seconds=draw(st.integers(-86_400, 86_400)))
    window = begins + timedelta(seconds=draw(st.integers(60, 86_400)))
    wish = st.one_of(
        st.none(), st.just(LeadCallback("r1", now, begins, window)), st.just(LeadCallback("r1", now))
    )
    return lead(
        state=draw(st.sampled_from([LeadState.DIALLING, LeadState.TALKING, LeadState.WRAP_UP])),
        numbers=numbers,
        time_zone=draw(st.sampled_from(ZONES)),
        attempts=draw(st.integers(0, 6)),
        today=draw(st.sampled_from([None, now.date()])),
        attempts_today=draw(st.integers(0, 5)),
        results=draw(st.dictionaries(st.sampled_from(AttemptResult), st.integers(0, 5))),
        parts_tried=draw(st.sampled_from([(), (1, 0, 0), (2, 2, 2), (0, 1, 2, 3)])),
        troubles=draw(st.integers(0, 40)),
        callback=draw(wish),
    )


@given(data=st.data(), calling=campaigns(), now=moments)
@settings(max_examples=100, deadline=None)
def test_every_plan(data: st.DataObject, calling: Campaign, now: datetime) -> None:
    person = data.draw(leads(now))
    result = data.draw(st.sampled_from(AttemptResult))
    ended = attempt(result, now - timedelta(seconds=30), talked=data.draw(st.booleans()))
    word: Disposition | None = data.draw(st.sampled_from([None, *TRADE.values()]))
    wish = data.draw(
        st.sampled_from(
            [None, LeadCallback("r2", now, now, now + timedelta(hours=2)), LeadCallback("r1", now)]
        )
    )
    limits = CampaignLimits(redial_lock_hours=data.draw(st.sampled_from([None, 72])))

    planned = plan(calling, person, ended, word, now, limits=limits, callback=wish)
    after = planned.lead

    assert plan(calling, person, ended, word, now, limits=limits, callback=wish) == planned
    assert after.version == person.version
    assert after.state not in BUSY
    assert after.attempts == person.attempts + counts(ended)
    if after.state is LeadState.WAITING:
        assert planned.not_before is not None
        assert planned.not_before >= now
        assert planned.not_before.tzinfo is not None
        caps = calling.retry.caps
        assert after.attempts < caps.lead
        number = after.number(planned.number or "")
        assert number is not None
        assert number.state is NumberState.OK
        assert number.attempts < caps.number
        if after.callback is not None and after.callback.window_to is not None:
            assert planned.not_before < after.callback.window_to
        # What the plan says is what is found when it is due: it is not put off again by the same rule.
        due = before_dialling(calling, after, planned.not_before)
        assert isinstance(due, ToDial), due
    else:
        assert (planned.not_before, after.callback) == (None, None)


@given(
    calling=campaigns(),
    now=moments,
    results=st.lists(st.sampled_from(sorted(NETWORK_TROUBLE)), min_size=1, max_size=15),
)
@settings(max_examples=60, deadline=None)
def test_a_network_that_fails_never_costs_a_try(
    calling: Campaign, now: datetime, results: list[AttemptResult]
) -> None:
    person = lead()
    for result in results:
        planned = plan(calling, person, attempt(result, now), None, now)
        assert planned.state is LeadState.WAITING
        assert planned.not_before is not None
        assert planned.not_before > now
        person, now = dialled_again(planned), planned.not_before
    assert (person.attempts, person.attempts_today) == (0, 0)
    assert person.numbers[0].attempts == 0


@given(calling=campaigns(), now=moments, data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_lead_is_ever_called_more_often_than_its_caps(
    calling: Campaign, now: datetime, data: st.DataObject
) -> None:
    """Also when callbacks are asked for in every conversation."""
    person, caps, calls = lead(MOBILE, HOME), calling.retry.caps, []
    for _ in range(40):
        found = before_dialling(calling, person, now)
        if not isinstance(found, ToDial):
            if found.state is not LeadState.WAITING or found.not_before is None:
                break
            now, person = found.not_before, dialled_again(found)
            continue
        calls.append(found.number)
        result = data.draw(st.sampled_from(AttemptResult))
        wish = LeadCallback(f"r{len(calls)}", now, now, now + timedelta(hours=8))
        ended = attempt(result, now, found.number, talked=result is AttemptResult.ANSWERED)
        word = TRADE["callback"] if result is AttemptResult.ANSWERED else None
        end = now + timedelta(seconds=40)
        counted = counts(ended)
        if not counted:
            calls.pop()
        planned = plan(calling, person, ended, word, end, callback=wish)
        if planned.state is not LeadState.WAITING or planned.not_before is None:
            break
        now, person = planned.not_before, dialled_again(planned)
    assert len(calls) <= caps.lead
    assert all(calls.count(number) <= caps.number for number in calls)
