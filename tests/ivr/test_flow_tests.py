"""Tests beside a flow: how they are read, what the world answers, what a failure says."""

from __future__ import annotations

import pytest
from flows import HEAD, TAIL

from ivr.flow import Flow
from ivr.reading.loader import FlowRejected, FlowText, load_flow
from ivr.rehearsal.coverage import Coverage
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.verdicts import Verdict, run_flows, run_test

WORK = """
  first:
    webhook: {service: orders, get: "/orders/{caller}", into: reply}
    next: told
    failed: sorry
  told: {say: "It is {reply.status}, {reply.parcels} of them.", next: text}
  text: {sms: {to: "{caller}", text: "Status: {reply.status}"}, next: wait}
  wait:
    queue: {name: orders, max_wait: 3m}
    next: bye
    timeout: message
    closed: message
    full: message
    nobody: message
  message: {voicemail: {box: orders}, next: bye, empty: bye}
"""
USE = "use: {services: [orders], queues: [orders]}\n"


def flow_with(tests: str, steps: str = WORK) -> Flow:
    head = HEAD.replace("start:", USE + "start:") if steps is WORK else HEAD
    return load_flow(head + steps.strip("\n") + TAIL + "tests:\n" + tests, "small.yaml")


def verdict(given: str, acts: str, steps: str = WORK) -> Verdict:
    flow = flow_with(f"  - test: one\n    given: {given}\n    caller: {acts}\n", steps)
    (test,) = flow_tests(flow)
    return run_test(flow, test)


def passes(given: str, acts: str, steps: str = WORK) -> None:
    told = verdict(given, acts, steps)
    assert told.passed, told.told()


def test_the_world_answers_as_given() -> None:
    found = "{status: sent, parcels: 2}"
    passes(
        f"{{first: {found}}}",
        "[{hears: 'It is sent, 2 of them'}, {gets: sms, text: 'status: SENT', to: '+48220000001'}, "
        "{gets: queue, name: orders}, {waits: 50s}, {ends: hangup}]",
    )
    passes(f"{{first: {found}, wait: timeout}}", "[{gets: queue}, {waits: 179s}, {gets: voicemail}]")
    passes(f"{{first: {found}, wait: nobody, message: empty}}", "[{gets: voicemail}, {ends: normal}]")
    passes("{first: failed}", "[{reaches: sorry}, {hears: went wrong}, {ends: hangup}]")
    passes("{first: {outcome: next, reply: {status: lost, parcels: 0}}}", "[{hears: It is lost}]")


def test_a_list_answers_each_time_and_the_last_again_and_again() -> None:
    steps = """
  first: {transfer: "200", next: bye, busy: again, no_answer: bye, refused: bye, failed: person}
  again: {ask: {into: x, digits: 1, prompt: "Again?"}, next: first, otherwise: bye}
"""
    again = "{gets: transfer}, {waits: 35s}, {dials: 1}, "
    acts = f"[{again}{again}{{gets: transfer}}, {{reaches: person}}]"
    passes("{first: [busy, busy, failed], person: busy}", acts, steps)


def test_profile_code_hours_and_time() -> None:
    steps = """
  first: {contact: {get: name, into: name}, next: hello, unknown: bye}
  hello: {say: "Hello {name}.", next: open}
  open: {hours: office, open: bye, closed: sorry, holiday: person}
"""
    head = HEAD.replace("start:", "use: {hours: [office]}\nstart:")

    def run(given: str, acts: str) -> None:
        text = (
            head + steps.strip("\n") + TAIL + f"tests:\n  - test: a\n    given: {given}\n    caller: {acts}\n"
        )
        flow = load_flow(text, "small.yaml")
        told = run_test(flow, flow_tests(flow)[0])
        assert told.passed, told.told()

    run("{profile: {name: Anna}, hours: closed}", "[{hears: Hello Anna}, {reaches: sorry}]")
    run("{profile: {name: Anna}, hours: {office: holiday}}", "[{is: {name: Anna}}, {reaches: person}]")
    run("{profile: {other: Anna}}", "[{ends: hangup}]")
    run("{profile: {name: Anna}, at: 2026-03-22T14:00}", "[{reaches: bye}]")


@pytest.mark.parametrize(
    ("acts", "column", "told"),
    [
        ("[{hears: parking}]", 14, "the caller should have heard 'parking', but the call ended (normal)"),
        ("[{gets: sms, text: other}]", 14, "sms began otherwise: text is 'Status: sent', not 'other'"),
        ("[{gets: sms}, {gets: sms}]", 27, "sms should have begun, but the call ended (normal)"),
        ("[{is: {reply.status: lost}}]", 14, "reply.status should be 'lost', but it is 'sent'"),
        ("[{says: hello}]", 14, "nobody listened to 'hello': the call ended (normal)"),
        ("[{reaches: message}]", 14, "step 'message' should have been reached, but the call ended (normal)"),
        ("[{ends: busy}]", 14, "the call should have ended (busy), but the call ended (normal)"),
        (
            "[hangs_up, {ends: hangup}]",
            24,
            "the call should have ended (hangup), but the call ended (caller)",
        ),
    ],
)
def test_a_failure_names_the_act_what_was_wanted_and_what_came(acts: str, column: int, told: str) -> None:
    failed = verdict("{first: {status: sent, parcels: 2}}", acts)
    first, *transcript = failed.told().splitlines()
    line = failed.place.line
    assert first == f"small.yaml:{line}:{column}: test 'one': {told}"
    assert transcript[0].endswith("call    (asks orders: GET /orders/%2B48220000001)")


def test_trouble_of_the_flow_fails_a_test() -> None:
    flow = flow_with("  - test: a\n    given: {first: {parcels: 2}}\n    caller: [{ends: hangup}]\n")
    told = run_test(flow, flow_tests(flow)[0])
    assert "the flow was in trouble (unset value: step 'told' wants to say reply.status" in told.failure
    assert "(trouble: unset value: step 'told' wants to say reply.status" in told.told()


MISTAKES = [  # (given or acts, or a whole test), line from `- test`, column, message
    ("calller: []", 2, 5, "'calller' is not a key of a test (did you mean 'caller'?)"),
    ("given: {frist: failed}", 2, 13, "'frist' is not a step (did you mean 'first'?)"),
    ("given: {told: next}", 2, 13, "step 'told' is a say, which nobody outside answers"),
    ("given: {first: lost}", 2, 20, "webhook ends with next, failed, not 'lost'"),
    ("given: {hours: shut}", 2, 20, "hours are open, closed or holiday, not 'shut'"),
    ("given: {at: noon}", 2, 17, "a local time is wanted here"),
    ("given: {code: abc}", 2, 19, "up to 12 digits are wanted"),
    ("given: {wait: {position: none}}", 2, 30, "is a number from 1"),
    ("caller: [{dails: 1}]", 2, 15, "'dails' is not a caller's act (did you mean 'dials'?)"),
    ("caller: [{dials: one}]", 2, 22, "keys are wanted here"),
    ("caller: [{waits: 5}]", 2, 22, "a duration with its unit is wanted here"),
    ("caller: [{gets: fax}]", 2, 21, "'fax' is nothing that a caller gets"),
    ("caller: [{gets: promise}]", 2, 21, "no step of this flow is a promise"),
    ("caller: [{gets: sms, txt: x}]", 2, 26, "sms has no 'txt' (did you mean 'text'?)"),
    ("caller: [{reaches: tolt}]", 2, 24, "'tolt' is not a step (did you mean 'told'?)"),
    ("caller: [{ends: nicely}]", 2, 21, "'nicely' is no end"),
    ("caller: [{dials: 1, waits: 5s}]", 2, 25, "one key too many"),
    ("caller: [{says: x, confidence: 7}]", 2, 36, "confidence is a number from 0 to 1"),
    ("caller: [{says: x, language: xx}]", 2, 34, "a language is wanted here, not 'xx'"),
    ('caller: [{is: {"a+b": 1}}]', 2, 20, "'+' has no meaning here"),
    ("caller: []\n  - test: a\n    caller: []", 3, 11, "already stands in line"),
    ("caller: []\n  - caller: []", 3, 5, "'test' is missing"),
]


@pytest.mark.parametrize(("tests", "line", "column", "told"), MISTAKES)
def test_a_mistake_in_a_test_is_told_at_its_place(tests: str, line: int, column: int, told: str) -> None:
    before = len((HEAD.replace("start:", USE + "start:") + WORK.strip("\n") + TAIL + "tests:\n").splitlines())
    more = "\n    caller: []\n" if tests.startswith("given") else "\n"
    with pytest.raises(FlowRejected) as refused:
        flow_with(f"  - test: a\n    {tests}{more}")
    (problem,) = refused.value.problems
    assert (problem.line - before, problem.column) == (line, column), str(problem)
    assert told in problem.message


def test_coverage_counts_steps_ways_languages_and_always() -> None:
    flow = flow_with(
        "  - test: a\n    given: {first: failed}\n    caller: [{ends: hangup}]\n"
        "  - test: b\n    given: {first: {status: x, parcels: 1}}\n    caller: [{gets: queue}, hangs_up]\n"
    )
    run = run_flows([flow])
    assert not run.failed, run.failed[0].told()
    covered = run.coverage.files["small.yaml"]
    assert [str(covered.share(kind)) for kind in ("steps", "ways", "languages", "always")] == [
        "6 of 8",
        "5 of 17",
        "2 of 2",
        "0 of 2",
    ]
    told = [str(missed) for missed in covered.missed()]
    assert any(line.endswith("step 'wait': timeout (to 'message') is never taken") for line in told)
    assert any(line.endswith("step 'message' is never reached") for line in told)
    assert not any("'message': next" in line for line in told)  # the step itself is told


def test_steps_of_a_called_flow_count_for_its_own_file() -> None:
    inner = (
        "flow: inner\nlanguages: [en]\nstart: one\nsteps:\n"
        '  one: {ask: {into: pin, digits: 1, prompt: "Pin?"}, next: yes_, otherwise: no_}\n'
        "  yes_: {return: found}\n  no_: {return: lost}\n"
        "tests:\n  - test: alone\n    caller: [{dials: 1}, {ends: found}]\n"
    )
    outer = (
        HEAD + "  first: {subflow: inner, found: again, lost: bye}\n"
        "  again: {subflow: inner, found: bye, lost: person}\n" + TAIL
    ).replace(
        "flow: small", "flow: outer"
    ) + "tests:\n  - test: both\n    caller: [{dials: 12}, {ends: hangup}]\n"
    flows = [
        load_flow(inner, "inner.yaml"),
        load_flow(outer, "outer.yaml", others={"inner": FlowText("inner.yaml", inner)}),
    ]
    run = run_flows(flows)
    assert not run.failed, run.failed[0].told()
    assert str(run.coverage.files["inner.yaml"].share("steps")) == "2 of 3"
    missed = [str(missed) for missed in run.coverage.files["outer.yaml"].missed()]
    assert "outer.yaml:6: step 'first': lost (to 'bye') is never taken" in missed
    assert not any("found" in line for line in missed)


def test_nothing_reached_is_nothing_counted() -> None:
    coverage = Coverage()
    coverage.expect(flow_with("  - test: a\n    caller: []\n"))
    assert coverage.files["small.yaml"].share("steps").percent == 0
