"""Cascades: by hand, and over whatever receipts in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from compliance.facts import Channel
from messaging.cascade import (
    CascadeRun,
    Command,
    Ending,
    Event,
    Finished,
    Happened,
    MessageMoved,
    NoPoint,
    OptedOut,
    Replied,
    SendMessage,
    StopOrdered,
    Tick,
    ToldLate,
    Withdraw,
    advanced,
    begun,
)
from messaging.cascade_plan import Cascade, Goal, MoveOn, Step, mistakes
from messaging.cascade_reading import load_cascade
from messaging.states import MessageState
from messaging.template_reading import load_template
from wording.yaml_source import SourceRejected

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
M = MessageState
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def step(channel: Channel, *moves_on: MoveOn, wait: timedelta = 10 * MINUTE) -> Step:
    return Step(channel, f"by_{channel}", frozenset(moves_on), wait)


def cascade(
    *steps: Step, until: tuple[Goal, ...] = (Goal.DELIVERED,), stops_on: tuple[str, ...] = ()
) -> Cascade:
    return Cascade("notice", steps, frozenset(until), frozenset(stops_on))


SMS_THEN_EMAIL = cascade(
    step(Channel.SMS, MoveOn.FAILED, MoveOn.NOT_DELIVERED, MoveOn.NO_POINT), step(Channel.EMAIL)
)


class Played:
    """A cascade led through events, minutes after its start."""

    def __init__(self, plan: Cascade) -> None:
        self.run, self.commands = begun(plan, START)
        self.told: list[Command] = list(self.commands)

    def at(self, minutes: float, event: Event) -> tuple[Command, ...]:
        self.run, self.commands = advanced(self.run, event, START + minutes * MINUTE)
        self.told += self.commands
        return self.commands

    @property
    def deadline(self) -> float | None:
        """In minutes after the start."""
        found = self.run.next_deadline()
        return None if found is None else (found - START) / MINUTE


# --- by hand ----------------------------------------------------------------------------------------------


def test_what_arrives_ends_it() -> None:
    played = Played(SMS_THEN_EMAIL)
    assert played.told == [SendMessage(0, START + DAY)]
    assert played.at(1, MessageMoved(0, M.ACCEPTED)) == ()
    assert played.deadline == 11
    assert played.at(2, MessageMoved(0, M.DELIVERED)) == (Finished(Ending.DELIVERED),)
    assert played.deadline is None


def test_what_fails_goes_another_way_at_once() -> None:
    played = Played(SMS_THEN_EMAIL)
    assert played.at(1, MessageMoved(0, M.FAILED)) == (SendMessage(1, START + MINUTE + DAY),)
    played.at(2, MessageMoved(1, M.ACCEPTED))
    assert played.at(3, MessageMoved(1, M.DELIVERED)) == (Finished(Ending.DELIVERED),)


def test_what_is_not_delivered_in_its_time_goes_another_way() -> None:
    played = Played(SMS_THEN_EMAIL)
    played.at(300, MessageMoved(0, M.ACCEPTED))  # held back until then; the wait begins now
    assert played.deadline == 310
    assert played.at(309, Tick()) == ()
    assert played.at(310, Tick()) == (SendMessage(1, START + 310 * MINUTE + DAY),)


def test_a_late_receipt_is_told_ends_it_and_withdraws_what_has_not_gone_out() -> None:
    played = Played(SMS_THEN_EMAIL)
    played.at(0, MessageMoved(0, M.ACCEPTED))
    played.at(10, Tick())
    assert played.at(11, MessageMoved(0, M.DELIVERED)) == (
        ToldLate(0, M.DELIVERED),
        Withdraw(1),
        Finished(Ending.DELIVERED),
    )
    assert played.at(12, MessageMoved(1, M.STOPPED)) == ()


def test_a_receipt_after_the_end_is_told_and_changes_nothing_else() -> None:
    played = Played(SMS_THEN_EMAIL)
    played.at(0, MessageMoved(0, M.ACCEPTED))
    played.at(10, Tick())
    played.at(11, MessageMoved(1, M.ACCEPTED))
    assert played.at(21, Tick()) == (Finished(Ending.UNANSWERED),)
    assert played.at(500, MessageMoved(0, M.DELIVERED)) == (ToldLate(0, M.DELIVERED),)
    assert played.at(501, MessageMoved(0, M.DELIVERED)) == ()
    assert (played.run.ending, played.run.furthest) == (Ending.UNANSWERED, M.DELIVERED)


def test_what_is_never_handed_over_is_withdrawn_after_its_time() -> None:
    played = Played(SMS_THEN_EMAIL)
    assert played.deadline == 1440
    assert played.at(1440, Tick()) == (Withdraw(0), SendMessage(1, START + 2 * DAY))
    assert played.at(2880, Tick()) == (Withdraw(1), Finished(Ending.FAILED))


def test_nobody_knows_whether_it_went_out() -> None:
    played = Played(SMS_THEN_EMAIL)
    played.at(1, MessageMoved(0, M.IN_DOUBT))
    assert played.at(11, Tick())[0] == SendMessage(1, START + 11 * MINUTE + DAY)
    assert played.at(12, MessageMoved(1, M.FAILED)) == (Finished(Ending.UNANSWERED),)


def test_no_address_anywhere() -> None:
    played = Played(SMS_THEN_EMAIL)
    assert played.at(0, NoPoint(0))[0] == SendMessage(1, START + DAY)
    assert played.at(0, NoPoint(1)) == (Finished(Ending.NO_POINT),)


def test_what_the_rules_refuse_goes_no_other_way_unless_it_says_so() -> None:
    played = Played(SMS_THEN_EMAIL)
    assert played.at(0, MessageMoved(0, M.REFUSED)) == (Finished(Ending.REFUSED),)
    played = Played(cascade(step(Channel.SMS, MoveOn.REFUSED), step(Channel.EMAIL)))
    assert played.at(0, MessageMoved(0, M.REFUSED))[0] == SendMessage(1, START + DAY)


def test_until_it_is_checked() -> None:
    plan = cascade(
        step(Channel.PUSH, MoveOn.NOT_CHECKED, wait=5 * MINUTE), step(Channel.SMS), until=(Goal.CHECKED,)
    )
    played = Played(plan)
    played.at(1, MessageMoved(0, M.ACCEPTED))
    assert played.at(2, MessageMoved(0, M.DELIVERED)) == ()
    assert played.at(3, MessageMoved(0, M.READ)) == ()
    assert played.at(6, Tick())[0] == SendMessage(1, START + 6 * MINUTE + DAY)
    played.at(7, MessageMoved(1, M.DELIVERED))
    assert played.at(17, Tick()) == (Finished(Ending.READ),)  # the push was read, the SMS delivered
    played = Played(plan)
    played.at(1, MessageMoved(0, M.CHECKED))
    assert played.run.ending is Ending.CHECKED


def test_a_step_that_goes_on_whatever_comes_keeps_its_wait() -> None:
    played = Played(cascade(step(Channel.SMS, MoveOn.TIMEOUT), step(Channel.EMAIL), until=(Goal.REPLIED,)))
    assert played.at(1, MessageMoved(0, M.FAILED)) == ()
    assert played.deadline == 11
    assert played.at(11, Tick())[0] == SendMessage(1, START + 11 * MINUTE + DAY)
    assert played.at(12, Replied()) == (Withdraw(1), Finished(Ending.REPLIED))


@pytest.mark.parametrize(
    ("event", "ending"),
    [(OptedOut(), "opted_out"), (StopOrdered(), "stopped"), (Happened("debt.paid"), "stopped"),
     (MessageMoved(0, M.STOPPED), "stopped"), (Replied(), None), (Happened("call.ended"), None)],
)  # fmt: skip
def test_what_stops_it(event: Event, ending: str | None) -> None:
    played = Played(cascade(step(Channel.SMS), stops_on=("debt.paid",)))
    played.at(1, event)
    assert played.run.ending == ending
    if not isinstance(event, MessageMoved) and ending:
        assert played.commands[0] == Withdraw(0)


def test_mistakes_are_told_with_the_step() -> None:
    sms = load_template("template: by_sms\npurpose: service\nlanguages: [en]\ntext: Hello", "a.yaml")
    email = load_template("template: by_email\npurpose: marketing\nlanguages: [en]\ntext: Hello", "b.yaml")
    templates = {"by_sms": sms, "by_email": email}
    plan = cascade(
        step(Channel.SMS, wait=timedelta(seconds=1)),
        step(Channel.SMS, MoveOn.NOT_READ, MoveOn.NOT_CHECKED),
        step(Channel.EMAIL),
        step(Channel.PUSH),
        until=(Goal.CHECKED,),
    )
    assert mistakes(plan, templates) == (
        "Cascade notice, step 1: a wait is 10 seconds to 30 days.",
        "Cascade notice, step 1: nothing leads on from it: say what does, or leave out the steps after it.",
        "Cascade notice, step 2: nobody tells whether an SMS was read: use not_delivered or not_checked.",
        "Cascade notice, step 2: template by_sms has no {link} or {code} that somebody could use: add one.",
        "Cascade notice, step 3: nothing leads on from it: say what does, or leave out the steps after it.",
        "Cascade notice, step 3: template by_email has no subject in en: an e-mail needs one.",
        "Cascade notice, step 4: there is no template by_push: write it, or name another.",
        "Cascade notice has templates of several purposes (marketing, service): use one.",
    )
    nothing = cascade(step(Channel.SMS), until=(Goal.CHECKED,))
    assert "none has {link} or {code}" in mistakes(nothing, templates)[-1]
    assert mistakes(cascade(), templates) == ("Cascade notice has no step: add one.",)
    assert mistakes(cascade(*[step(Channel.SMS, MoveOn.FAILED)] * 11), templates) == (
        "Cascade notice has 11 steps: leave at most 10.",
    )
    assert mistakes(cascade(step(Channel.SMS)), templates) == ()


# --- whatever happens -------------------------------------------------------------------------------------

CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.PUSH, Channel.MESSENGER)
plans = st.builds(
    Cascade,
    st.just("notice"),
    st.lists(
        st.builds(
            Step,
            st.sampled_from(CHANNELS),
            st.just("t"),
            st.frozensets(st.sampled_from(MoveOn)),
            st.timedeltas(timedelta(seconds=10), timedelta(hours=2)),
            st.timedeltas(timedelta(seconds=10), timedelta(hours=2)),
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
    st.frozensets(st.sampled_from(Goal), min_size=1),
    st.just(frozenset({"paid"})),
)
anything = st.one_of(
    st.builds(MessageMoved, st.integers(-1, 4), st.sampled_from(MessageState)),
    st.builds(NoPoint, st.integers(-1, 4)),
    st.just(Tick()),
)
# Seldom enough for cascades to come to an end by themselves.
endings = st.sampled_from([Replied(), OptedOut(), StopOrdered(), Happened("paid"), Happened("else")])
happenings = st.lists(
    st.tuples(
        st.timedeltas(timedelta(0), timedelta(hours=1)), st.one_of(anything, anything, anything, endings)
    ),
    max_size=25,
)
KEPT = TypeAdapter(CascadeRun)
ARRIVED = {Ending.DELIVERED: M.DELIVERED, Ending.READ: M.READ, Ending.CHECKED: M.CHECKED}


@given(plans, happenings)
def test_it_always_ends_once_truly_and_sends_no_step_twice(
    plan: Cascade, events: list[tuple[timedelta, Event]]
) -> None:
    now = START
    run, commands = begun(plan, now)
    told = list(commands)
    ever: dict[int, set[MessageState]] = {}
    ended_at = 0
    for after, event in events:
        now += after
        open_before = run.ending is None
        run, commands = advanced(run, event, now)
        told += commands
        if isinstance(event, MessageMoved):
            ever.setdefault(event.step, set()).add(event.state)
        assert open_before or all(isinstance(command, ToldLate) for command in commands)
        assert (run.next_deadline() is None) is (run.ending is not None)
        ended_at = ended_at or (len(told) if run.ending is not None else 0)
    # From here on only time passes.
    rest = 0
    while (deadline := run.next_deadline()) is not None:
        assert deadline - START <= plan.longest + (now - START)
        run, commands = advanced(run, Tick(), deadline)
        told += commands
        rest += 1
        assert rest <= 2 * len(plan.steps)

    sent = [command.step for command in told if isinstance(command, SendMessage)]
    assert sent == list(range(len(sent)))
    withdrawn = [command.step for command in told if isinstance(command, Withdraw)]
    assert len(withdrawn) == len(set(withdrawn))
    finished = [command for command in told if isinstance(command, Finished)]
    assert finished == [Finished(run.ending)] if run.ending else not finished
    assert run.ending is not None
    after_end = told[told.index(finished[0]) + 1 :]
    assert all(isinstance(command, ToldLate) for command in after_end)
    # What the ending says of messages was told of a step that had been sent.
    if (arrived := ARRIVED.get(run.ending)) is not None:
        assert any(arrived in states for number, states in ever.items() if number in sent)
    if run.ending is Ending.NO_POINT:
        assert not any(state is not None for state in run.states)


@given(plans, happenings)
def test_the_same_told_again_changes_nothing(plan: Cascade, events: list[tuple[timedelta, Event]]) -> None:
    now = START
    run, _ = begun(plan, now)
    for after, event in events:
        now += after
        run, _ = advanced(run, event, now)
        if isinstance(event, MessageMoved):
            assert advanced(run, event, now) == (run, ())


@given(plans)
def test_a_cascade_of_which_nobody_tells_anything_ends(plan: Cascade) -> None:
    run: CascadeRun
    run, _ = begun(plan, START)
    while (deadline := run.next_deadline()) is not None:
        run, _ = advanced(run, Tick(), deadline)
        assert deadline <= START + plan.longest
    assert run.ending is Ending.FAILED


# --- read -------------------------------------------------------------------------------------------------

WRITTEN = """\
cascade: payment_due
until: [delivered, replied]
stops_on: [debt.paid]
steps:
  - {push: payment_due, moves_on: [failed, not_read], wait: 5m}
  - {sms: payment_due}
  - {email: payment_due_letter, wait: 1d, send_within: 2d}
"""


def test_a_cascade_is_read() -> None:
    assert load_cascade(WRITTEN, "payment_due.yaml", named="payment_due") == Cascade(
        "payment_due",
        (
            Step(Channel.PUSH, "payment_due", frozenset({MoveOn.FAILED, MoveOn.NOT_READ}), 5 * MINUTE),
            Step(Channel.SMS, "payment_due"),
            Step(Channel.EMAIL, "payment_due_letter", wait=DAY, send_within=2 * DAY),
        ),
        frozenset({Goal.DELIVERED, Goal.REPLIED}),
        frozenset({"debt.paid"}),
    )
    assert load_cascade("cascade: a\nsteps: [{sms: a}]", "a.yaml").until == {Goal.DELIVERED}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("cascade: payment_due", "cascade: Payment", "1:10: cascade: a name of small letters"),
        ("delivered", "deliverd", "2:9: 'deliverd' is not known here (did you mean 'delivered'?)"),
        ("debt.paid", "paid", "3:12: 'paid' is no event: write it as debt.paid"),
        ("steps:", "step:", "4:1: 'step' is not known here (did you mean 'steps'?)"),
        (
            "{sms: payment_due}",
            "{call: payment_due}",
            "6:5: a step has one channel (sms, email, push, messenger)",
        ),
        ("{sms: payment_due}", "{sms: payment_due, email: a}", "6:5: a step has one channel"),
        ("{sms: payment_due}", "{sms: [a]}", "6:6: sms: the name of a template"),
        ("not_read", "unread", "5:44: 'unread' is not known here"),
        ("wait: 5m", "wait: 5", "5:61: wait: a time with its unit"),
        ("wait: 1d", "until: 1d", "7:33: 'until' is not known here"),
    ],
)
def test_what_is_wrong_with_its_file_is_told_with_the_line(old: str, new: str, told: str) -> None:
    with pytest.raises(SourceRejected) as refused:
        load_cascade(WRITTEN.replace(old, new, 1), "payment_due.yaml")
    assert any(line.startswith(f"payment_due.yaml:{told}") for line in str(refused.value).splitlines()), str(
        refused.value
    )


@given(st.text(alphabet="cascade: steps[]{}-,sm1d\n'", max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    for whole in (text, f"cascade: a\nsteps: {text}", f"cascade: a\nsteps: [{{sms: {text}}}]"):
        try:
            load_cascade(whole, "a.yaml")
        except SourceRejected as refused:
            assert refused.problems  # noqa: PT017


@given(plans, happenings)
def test_a_run_is_kept_between_events(plan: Cascade, events: list[tuple[timedelta, Event]]) -> None:
    run, now = begun(plan, START)[0], START
    for after, event in events[:6]:
        now += after
        run, _ = advanced(run, event, now)
    assert KEPT.validate_json(KEPT.dump_json(run)) == run
