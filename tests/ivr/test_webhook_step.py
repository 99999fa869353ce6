"""webhook: paths that no value can leave, answers, failures, and what is said meanwhile."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from errands import FACTS, break_and_resume, finish, logged, only_work, other_engine, works
from flows import load
from hypothesis import given
from hypothesis import strategies as st
from stage import Stage, kinds

from ivr.commands import Fetch, Say, StopSaying
from ivr.events import CallerGone, Finished
from ivr.reading.loader import FlowRejected

STEPS = """
  first:
    webhook: {service: orders, %s}
    next: told
    failed: sad
  told: {say: "It is {reply.status}.", next: person}
  sad: {say: "No answer.", next: person}
"""
GET = 'get: "/orders/{dialled}/lines?of={caller}", into: reply, timeout: 3s'


def stage_of(hook: str = GET, facts: dict[str, object] | None = None) -> Stage:
    return Stage(load(STEPS % hook), FACTS if facts is None else facts)


def test_a_service_is_asked_and_its_answer_kept() -> None:
    stage = stage_of()
    assert only_work(stage) == Fetch(1, "orders", "GET", "/orders/100/lines?of=%2B48220000001", None, 3.0)
    assert stage.due() == 8.0  # its own timeout, and time to report
    finish(stage, "next", {"reply": {"status": "sent", "lines": [1, 2]}})
    assert stage.said == "It is sent."
    assert stage.notes("value_set") == [{"name": "reply", "value": {"status": "sent", "lines": [1, 2]}}]


def test_a_failure_has_a_way_of_its_own() -> None:
    stage = stage_of()
    finish(stage, "failed")
    assert stage.said == "No answer."


def test_a_performer_that_never_reports_is_trouble() -> None:
    stage = stage_of()
    stage.time_out()
    assert stage.said == "Something went wrong."
    assert stage.tell(Finished(1, "next", {"reply": {}})) == ()


@pytest.mark.parametrize("answer", [None, [], "text", 7, {"other": 1}])
def test_an_answer_without_what_is_to_be_said_is_trouble_and_no_crash(answer: object) -> None:
    stage = stage_of()
    finish(stage, "next", {"reply": answer})
    assert stage.said == "Something went wrong."
    assert stage.notes("trouble")[0]["what"] == "unset value"


def test_a_body_is_a_table_with_values_in_it() -> None:
    body = 'post: "/orders", body: {who: "{caller}", lines: [{number: "{dialled}"}], note: ""}, into: reply'
    work = only_work(stage_of(body))
    assert isinstance(work, Fetch)
    assert work.method == "POST"
    assert work.body == {"who": "+48220000001", "lines": [{"number": "100"}], "note": ""}


# --- hostile values ---------------------------------------------------------------------------------------


def path_of(value: str) -> str | None:
    works_begun = works(stage_of(facts={"caller": value, "dialled": value}).commands)
    assert len(works_begun) <= 1
    if not works_begun:
        return None
    assert isinstance(works_begun[0], Fetch)
    return works_begun[0].path


@pytest.mark.parametrize("value", ["", ".", "..", "x" * 2001])
def test_values_that_would_ask_for_something_else_fail_without_asking(value: str) -> None:
    stage = stage_of(facts={"caller": "", "dialled": value})
    assert not works(stage.commands)
    assert stage.said == "No answer."


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("../admin", "..%2Fadmin"),
        ("1?all=1", "1%3Fall%3D1"),
        ("1#x", "1%23x"),
        ("1&of=2", "1%26of%3D2"),
        ("%2e%2e%2f", "%252e%252e%252f"),
        ("1\r\nHost: evil", "1%20Host%3A%20evil"),
        ("'; DROP TABLE x; --", "%27%3B%20DROP%20TABLE%20x%3B%20--"),
        ("٣", "%D9%A3"),
        ("http://evil.example", "http%3A%2F%2Fevil.example"),
        ("\\..\\", "%5C..%5C"),
    ],
)
def test_a_value_stays_one_segment(value: str, escaped: str) -> None:
    assert path_of(value) == f"/orders/{escaped}/lines?of={escaped}"


@given(st.text(max_size=60))
def test_no_value_leaves_its_place(value: str) -> None:
    path = path_of(value)
    if path is not None:
        assert path.isascii()
        parts = urlsplit("http://host" + path)
        assert (parts.netloc, parts.fragment) == ("host", "")
        assert parts.path.split("/")[1::2] == ["orders", "lines"]
        assert parts.path.count("/") == 3
        assert parts.query.count("=") == 1
        assert "&" not in parts.query
        assert unquote(parts.path.split("/")[2]) not in (".", "..", "")


def test_a_secret_is_asked_with_but_not_logged() -> None:
    steps = """
  first: {ask: {into: pin, digits: 4, secret: true, prompt: "PIN?"}, next: hook, otherwise: person}
  hook:
    webhook: {service: orders, post: "/pins/{pin}", body: {pin: "{pin}"}}
    next: person
    failed: person
"""
    stage = Stage(load(steps), FACTS)
    stage.keys("7391")
    work = only_work(stage)
    assert isinstance(work, Fetch)
    assert (work.path, work.logged_path, work.body) == ("/pins/7391", "/pins/***", {"pin": "7391"})
    assert "7391" not in logged(stage)


# --- what is said meanwhile -------------------------------------------------------------------------------

PROMPTED = GET + ', prompt: "One moment."'


def test_a_prompt_is_said_while_the_service_is_asked_and_to_its_end() -> None:
    stage = stage_of(PROMPTED)
    assert kinds(tuple(stage.commands)) == [Fetch, Say]
    assert kinds(finish(stage, "next", {"reply": {"status": "sent"}})) == []
    assert stage.said == "One moment."
    stage.spoken()
    assert stage.said == "It is sent."


def test_an_answer_after_the_prompt_is_taken_at_once() -> None:
    stage = stage_of(PROMPTED)
    stage.spoken(1)
    assert stage.due() == 7.0
    finish(stage, "next", {"reply": {"status": "sent"}})
    assert stage.said == "It is sent."


def test_a_key_cuts_the_prompt_short_and_counts_later() -> None:
    stage = stage_of(PROMPTED)
    assert kinds(stage.keys("1")) == [StopSaying]
    finish(stage, "failed")
    assert stage.said == "No answer."


def test_a_key_when_the_answer_is_there_leads_on() -> None:
    stage = stage_of(PROMPTED)
    finish(stage, "failed")
    stage.keys("1")
    assert stage.notes("said")[0]["interrupted"] is True
    assert stage.said == "No answer."


def test_the_end_of_the_prompt_that_is_never_reported_loses_no_answer() -> None:
    stage = stage_of(PROMPTED)
    finish(stage, "failed")
    stage.time_out()
    assert stage.said == "No answer."


def test_hanging_up_in_the_middle() -> None:
    stage = stage_of(PROMPTED)
    stage.tell(CallerGone())
    assert stage.dialogue.ended
    assert stage.tell(Finished(1, "next", {"reply": {}})) == ()


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_asked_anew_as_the_same_work(how: str) -> None:
    stage = stage_of()
    first = only_work(stage)
    assert break_and_resume(stage, how) == [first]
    finish(stage, "next", {"reply": {"status": "sent"}})
    assert stage.said == "It is sent."


def test_an_answer_to_the_engine_before_is_taken() -> None:
    stage = stage_of()
    other_engine(stage, "state")
    finish(stage, "next", {"reply": {"status": "sent"}})
    assert stage.said == "It is sent."


# --- as it is written -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "wanted"),
    [
        ("into: reply", "one of get, post, put, delete"),
        ('get: "/a", post: "/b", into: reply', "one of get, post, put, delete"),
        ('get: "/a", body: {a: b}, into: reply', "get sends no body"),
        ('get: "orders", into: reply', "from the service's root"),
        ('get: "{caller}", into: reply', "from the service's root"),
        ('get: "//evil.example/", into: reply', "from the service's root"),
        ('get: "/a/../b", into: reply', "segment . or .."),
        ('get: "/a b", into: reply', "' ' may not stand in a path"),
        ('get: "/zamówienia", into: reply', "'ó' may not stand in a path"),
        ('get: "/a#b", into: reply', "'#' may not stand in a path"),
        ('get: "/a%2f", into: reply', "'%' may not stand in a path"),
        ('get: "/a", into: reply, timeout: 3', "with its unit"),
        ('get: "/a", into: reply, timeout: 31s', "30"),
        ('post: "/a", body: text, into: reply', "a table is wanted"),
        ('post: "/a", body: {a: "{nothing}"}, into: reply', "nothing sets"),
        ('get: "/a/{nothing}", into: reply', "nothing sets"),
    ],
)
def test_what_is_written_wrong_is_refused(hook: str, wanted: str) -> None:
    with pytest.raises(FlowRejected) as refused:
        load(STEPS % hook)
    assert wanted in str(refused.value)


def test_the_answer_is_known_only_after_next() -> None:
    with pytest.raises(FlowRejected, match="'reply', which is not set"):
        load((STEPS % GET).replace('"No answer."', '"{reply}"'))
