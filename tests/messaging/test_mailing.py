"""Mailings: their states, their frozen list, their figures, their pace, and who leaves in the middle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.facts import Channel, Purpose
from messaging.bulk_pace import Bucket, BulkPace
from messaging.mailing import (
    ORDERS,
    OVER,
    Frozen,
    LeftOut,
    MailingState,
    Objected,
    Order,
    Progress,
    Recipient,
    Waiting,
    WrongOrder,
    frozen,
    ordered,
    rest_of,
)
from messaging.states import MessageState

M, S = MessageState, MailingState


def test_the_way_of_a_mailing() -> None:
    state = S.DRAFT
    for order, following in (
        (Order.CHECK, "checked"),
        (Order.CHANGE, "draft"),
        (Order.CHECK, "checked"),
        (Order.START, "preparing"),
        (Order.READY, "running"),
        (Order.PAUSE, "paused"),
        (Order.GO_ON, "running"),
        (Order.FINISH, "finished"),
    ):
        state = ordered(state, order)
        assert state == following
    assert ordered(S.PAUSED, Order.GO_ON, prepared=False) == "preparing"


@pytest.mark.parametrize(
    ("state", "order", "told"),
    [
        ("draft", "start", "The mailing is draft and cannot start; it can: check, change, stop."),
        ("running", "change", "The mailing is running and cannot change; it can: pause, stop, finish."),
        ("running", "go_on", "The mailing is running and cannot go on; it can: pause, stop, finish."),
        ("stopped", "start", "The mailing is stopped and cannot start; it can: nothing more."),
    ],
)
def test_what_cannot_be_is_told(state: str, order: str, told: str) -> None:
    with pytest.raises(WrongOrder) as refused:
        ordered(S(state), Order(order))
    assert str(refused.value) == told


def test_every_state_has_its_orders_and_can_come_to_an_end() -> None:
    assert set(ORDERS) == set(MailingState)
    assert {state for state, orders in ORDERS.items() if not orders} == OVER
    for state in set(MailingState) - OVER:
        assert ORDERS[state][Order.STOP] is S.STOPPED


# --- the list ---------------------------------------------------------------------------------------------


def test_one_message_to_a_person_and_to_an_address() -> None:
    people = [
        Recipient("c1", "+48600000001"),
        Recipient("c2", "+48600000002"),
        Recipient("c1", "+48600000003"),
        Recipient("c3", "+48600000002"),
        Recipient("c4", None),
    ]
    assert frozen(people) == Frozen(
        tuple(people[:2]), {LeftOut.SAME_PERSON: 1, LeftOut.SAME_POINT: 1, LeftOut.NO_POINT: 1}
    )
    assert frozen(people, point_needed=False).recipients == (people[0], people[1], people[4])


@given(st.lists(st.builds(Recipient, st.sampled_from("abcde"), st.sampled_from(["1", "2", "3", None]))))
def test_everybody_is_accounted_for(people: list[Recipient]) -> None:
    found = frozen(people)
    assert len(found.recipients) + sum(found.left_out.values()) == len(people)
    assert len({person.contact_id for person in found.recipients}) == len(found.recipients)
    assert len({person.point for person in found.recipients}) == len(found.recipients)


# --- figures ----------------------------------------------------------------------------------------------


def test_figures_of_a_mailing_on_its_way() -> None:
    progress = Progress(
        10, {M.QUEUED: 1, M.SENDING: 1, M.ACCEPTED: 1, M.DELIVERED: 2, M.CHECKED: 1, M.FAILED: 1}
    )
    assert (progress.begun, progress.to_come, progress.under_way) == (7, 3, 3)
    assert (progress.final, progress.reached, progress.done) == (4, 3, False)
    assert progress.share([M.FAILED]) == 0.25
    assert Progress(0, {}).share([M.FAILED]) is None


def test_it_is_done_when_every_message_is() -> None:
    assert Progress(3, {M.DELIVERED: 1, M.REFUSED: 1, M.IN_DOUBT: 1}).done
    assert not Progress(3, {M.DELIVERED: 1, M.REFUSED: 1}).done
    assert Progress(0, {}).done


# --- somebody leaves --------------------------------------------------------------------------------------


def waiting(id: str, **changed: object) -> Waiting:
    values: dict[str, object] = {
        "contact_id": "c1",
        "point": "+48600000001",
        "channel": Channel.SMS,
        "purpose": Purpose.MARKETING,
        "state": M.QUEUED,
    }
    return Waiting(id, **{**values, **changed})  # type: ignore[arg-type]


def test_the_rest_of_a_persons_messages_is_stopped() -> None:
    messages = [
        waiting("this"),
        waiting("sending", state=M.SENDING),
        waiting("other person", contact_id="c2", point="+48600000002"),
        waiting("same number", contact_id="c2"),
        waiting("mail", channel=Channel.EMAIL, point="anna@example.com"),
        waiting("service", purpose=Purpose.SERVICE),
        waiting("code", purpose=Purpose.SERVICE, requested=True),
    ]
    everything = Objected("c1", "+48600000001")
    assert rest_of(everything, messages) == ("this", "same number", "mail", "service")
    by_sms = Objected("c1", "+48600000001", frozenset({Channel.SMS}), frozenset({Purpose.MARKETING}))
    assert rest_of(by_sms, messages) == ("this", "same number")
    assert rest_of(Objected(None, "+48600000002"), messages) == ("other person",)


# --- pace -------------------------------------------------------------------------------------------------


def test_ten_a_second_is_ten_a_second() -> None:
    pace, count, now = BulkPace(Bucket(10, 0.0), {}), 0, 0.0
    while now < 10.0:
        pace, taken = pace.taken("main", 1_000, now)
        count += taken
        now = max(pace.next_at("main", now), now + 0.01)
    assert 99 <= count <= 101


def test_the_slower_of_mailing_and_provider_counts() -> None:
    pace = BulkPace(Bucket(100, 0.0), {"slow": Bucket(2, 0.0)})
    pace, first = pace.taken("slow", 50, 0.0)
    pace, none = pace.taken("slow", 50, 0.2)
    pace, second = pace.taken("slow", 50, 0.5)
    assert (first, none, second) == (1, 0, 1)
    assert pace.next_at("slow", 0.5) == pytest.approx(1.0)
    _, other = pace.taken("fast", 50, 0.5)
    assert other == 49  # what the slow one left of the mailing's fifty


def test_after_a_pause_nobody_catches_up_more_than_a_second() -> None:
    _, count = BulkPace(Bucket(5, 0.0), {}).taken("main", 1_000, 3_600.0)
    assert count == 5
    _, slow = BulkPace(Bucket(0.1, 0.0), {}).taken("main", 1_000, 3_600.0)
    assert slow == 1


@given(
    st.floats(0.05, 500),
    st.floats(0.05, 500),
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 100)), max_size=50),
)
def test_never_faster_than_either(mailing: float, own: float, asks: list[tuple[float, int]]) -> None:
    pace, now, sent = BulkPace(Bucket(mailing, 0.0), {"p": Bucket(own, 0.0)}), 0.0, 0
    for after, wanted in asks:
        now += after
        pace, count = pace.taken("p", wanted, now)
        assert 0 <= count <= wanted
        sent += count
        slower = min(mailing, own)
        assert sent <= slower * now + max(1.0, slower) + 1e-6
        assert pace.next_at("p", now) >= now
