"""Flows that call flows: their steps in one table, and what is told when they do not fit together."""

from __future__ import annotations

import time

import pytest

from calls.events import CallEvent
from ivr.dialogue import Dialogue
from ivr.reading.loader import FlowRejected, FlowText, load_flow
from ivr.rehearsal.rehearsal import Dials, Ends, HangsUp, Hears, Rehearsal, Waits
from ivr.steps.subflow import Subflow
from tests.ivr.stage import START, Stage

IDENTIFY = """\
flow: identify
languages: [en]
start: question
steps:
  question:
    ask: {into: pin, digits: 4, prompt: "Hello {name}. Your PIN?", attempts: 1}
    next: check
    otherwise: lost
  check:
    branch:
      - {when: 'pin == "1234"', next: ok}
    otherwise: lost
  ok: {return: found}
  lost: {return: unknown}
"""

MAIN = """\
flow: main
languages: [en]
always: {agent: person, trouble: sorry}
start: who
steps:
  who: {subflow: {flow: identify, with: {name: "Anna"}}, found: hello, unknown: sorry}
  hello: {say: "Your PIN is {pin}.", next: bye}
  person: {transfer: "200", next: bye}
  sorry: {say: "Sorry.", next: bye}
  bye: {hangup: normal}
"""


def others(**texts: str) -> dict[str, FlowText]:
    return {name: FlowText(f"{name}.yaml", text) for name, text in texts.items()}


def problems(text: str, **called: str) -> list[str]:
    with pytest.raises(FlowRejected) as rejected:
        load_flow(text, "main.yaml", others=others(**called))
    return [str(problem) for problem in rejected.value.problems]


def one(text: str, **called: str) -> str:
    (told,) = problems(text, **called)
    return told


def planted(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


# --- what it does -----------------------------------------------------------------------------------------


def test_the_called_steps_stand_in_the_callers_table() -> None:
    flow = load_flow(MAIN, "main.yaml", others=others(identify=IDENTIFY))
    assert [name for name in flow.steps if "/" in name] == ["who/question", "who/check", "who/ok", "who/lost"]
    assert flow.files == ("main.yaml", "identify.yaml")
    assert flow.steps["who/check"].file == "identify.yaml"
    assert flow.returns == ()
    played = Rehearsal(flow).play([Waits(), Dials("1234"), Ends()])
    assert list(played.path) == ["who", "who/question", "who/check", "who/ok", "hello", "bye"]
    assert not played.failures
    assert "Hello Anna. Your PIN?" in played.transcript
    assert "Your PIN is 1234." in played.transcript


def test_each_return_leads_where_the_calling_step_says() -> None:
    flow = load_flow(MAIN, "main.yaml", others=others(identify=IDENTIFY))
    assert Rehearsal(flow).play([Dials("9999"), Ends()]).path[-3:] == ["who/lost", "sorry", "bye"]


def test_a_flow_called_twice_has_its_own_ways_each_time() -> None:
    text = planted(
        MAIN,
        "next: bye}\n  person",
        "next: again}\n  again: {subflow: {flow: identify, with: "
        '{name: "Bob"}}, found: bye, unknown: person}\n  person',
    )
    flow = load_flow(text, "main.yaml", others=others(identify=IDENTIFY))
    played = Rehearsal(flow).play([Dials("1234"), Waits(), Hears("Hello Bob."), Dials("0000"), Ends()])
    assert list(played.path)[-4:] == ["again/check", "again/lost", "person", "bye"]
    assert not played.failures


def test_calls_inside_called_flows() -> None:
    middle = (
        "flow: middle\nlanguages: [en]\nstart: inner\nsteps:\n"
        '  inner: {subflow: {flow: identify, with: {name: "{title} Nowak"}}, found: ok, unknown: no}\n'
        '  ok: {return: done}\n  "no": {return: failed}\n'
    )
    text = planted(
        MAIN,
        'flow: identify, with: {name: "Anna"}}, found: hello, unknown: sorry',
        'flow: middle, with: {title: "Ms"}}, done: hello, failed: sorry',
    )
    flow = load_flow(text, "main.yaml", others=others(identify=IDENTIFY, middle=middle))
    played = Rehearsal(flow).play([Waits(), Dials("1234"), Ends()])
    assert played.path[:4] == ["who", "who/inner", "who/inner/question", "who/inner/check"]
    assert played.path[-4:] == ["who/inner/ok", "who/ok", "hello", "bye"]
    assert "Hello Ms Nowak." in played.transcript


def test_a_caller_who_asks_for_a_person_or_hangs_up_inside() -> None:
    text = planted(MAIN, "trouble: sorry}", "trouble: sorry, gone: left}")
    text = planted(text, "  bye:", '  left: {set: {x: "1"}, next: bye}\n  bye:')
    flow = load_flow(text, "main.yaml", others=others(identify=IDENTIFY))
    assert Rehearsal(flow).play([HangsUp()]).path[-2:] == ["left", "bye"]
    stage = Stage(flow)
    stage.spoken()
    stage.hear("agent")
    assert stage.path[-1] == "person"


def test_an_outcome_left_out_inside_leads_to_the_callers_trouble() -> None:
    called = planted(IDENTIFY, "    otherwise: lost\n  check", "  check")
    called = planted(called, "attempts: 1", "attempts: 1, wait: 1s")
    flow = load_flow(MAIN, "main.yaml", others=others(identify=called))
    assert Rehearsal(flow).play([Waits(30)]).path[-2:] == ["sorry", "bye"]


def test_a_conversation_goes_on_inside_after_a_restart() -> None:
    flow = load_flow(MAIN, "main.yaml", others=others(identify=IDENTIFY))
    stage = Stage(flow)
    again = Dialogue.restore(flow, stage.dialogue.state())
    assert again.step == "who/question"
    notes = [c for c in stage.commands if hasattr(c, "kind")]
    events = [_event(n, note) for n, note in enumerate(notes)]
    assert Dialogue.resumed(flow, events).step == "who/question"


def _event(number: int, note: object) -> CallEvent:
    from dataclasses import fields

    values: dict[str, object] = {"kind": note.kind, "data": note.data}  # type: ignore[attr-defined]
    for field in fields(CallEvent):
        if field.name not in values:
            values[field.name] = number if field.name == "seq" else START if field.name == "at" else "c"
    return CallEvent(**values)  # type: ignore[arg-type]


def test_a_flow_rehearsed_alone_ends_with_what_it_returns() -> None:
    flow = load_flow(IDENTIFY, "identify.yaml")
    assert flow.returns == ("found", "unknown")
    played = Rehearsal(flow, facts={"name": "Anna"}).play([Dials("1234"), Ends("found")])
    assert not played.failures
    stage = Stage(flow, {"name": "Anna"})
    stage.spoken()
    stage.hear("agent")
    assert stage.dialogue.ended  # "agent", since no flow called it
    assert [step for step in flow.steps if flow.steps[step].implied] == ["(agent)", "(trouble)"]


def test_an_always_of_its_own_counts_only_when_it_is_alone() -> None:
    called = planted(IDENTIFY, "start: q", "always: {agent: desk, trouble: desk}\nstart: q")
    called = planted(called, "  ok:", "  desk: {hangup: busy}\n  ok:")
    assert load_flow(called, "identify.yaml").always.agent == "desk"
    flow = load_flow(MAIN, "main.yaml", others=others(identify=called))
    assert "who/desk" not in flow.steps
    assert flow.always.agent == "person"


def test_the_version_covers_the_called_texts() -> None:
    before = load_flow(MAIN, "main.yaml", others=others(identify=IDENTIFY))
    changed = load_flow(MAIN, "main.yaml", others=others(identify=IDENTIFY + "# remark\n"))
    assert before.version != changed.version
    assert load_flow(MAIN, "main.yaml", others=others(identify=IDENTIFY)).version == before.version


def test_the_short_form() -> None:
    called = planted(IDENTIFY, "Hello {name}. ", "")
    text = planted(MAIN, '{flow: identify, with: {name: "Anna"}}', "identify")
    flow = load_flow(text, "main.yaml", others=others(identify=called))
    body = flow.steps["who"].body
    assert isinstance(body, Subflow)
    assert body.flow == "identify"


# --- what is refused --------------------------------------------------------------------------------------


def test_a_flow_that_is_not_there() -> None:
    assert one(MAIN) == "main.yaml:6:25: step 'who': there is no flow 'identify' beside this one"


def test_a_flow_that_returns_nothing() -> None:
    called = planted(planted(IDENTIFY, "return: found", "hangup: normal"), "return: unknown", "hangup: busy")
    called = planted(called, "start: q", "always: {agent: ok, trouble: lost}\nstart: q")
    assert one(MAIN, identify=called) == (
        "main.yaml:6:25: step 'who': flow 'identify' has no `return`, so it cannot be called"
    )


def test_outcomes_that_do_not_fit() -> None:
    assert one(planted(MAIN, ", unknown: sorry", ""), identify=IDENTIFY) == (
        "main.yaml:6:3: step 'who': 'unknown' is missing: flow 'identify' may return it"
    )
    assert one(planted(MAIN, "unknown: sorry", "unknwon: sorry"), identify=IDENTIFY) == (
        "main.yaml:6:72: step 'who': flow 'identify' never returns 'unknwon' (did you mean 'unknown'?)"
    )
    assert one(planted(MAIN, "unknown: sorry", "unknown: sorry, next: bye"), identify=IDENTIFY) == (
        "main.yaml:6:88: step 'who': flow 'identify' never returns 'next'; it returns found, unknown"
    )


def test_values_that_do_not_fit() -> None:
    assert one(planted(MAIN, '{flow: identify, with: {name: "Anna"}}', "identify"), identify=IDENTIFY) == (
        "main.yaml:6:18: step 'who': flow 'identify' uses 'name', which nothing sets: add it to 'with'"
    )
    assert one(planted(MAIN, "{name:", "{nmae:"), identify=IDENTIFY) == (
        "main.yaml:6:48: step 'who': flow 'identify' does not use 'nmae' (did you mean 'name'?)"
    )
    assert one(planted(MAIN, "{name:", "{other: a, name:"), identify=IDENTIFY).endswith(
        "flow 'identify' does not use 'other': delete it"
    )


def test_a_value_that_is_not_always_set_at_the_call() -> None:
    text = planted(MAIN, "start: who", "start: first")
    text = planted(text, '{flow: identify, with: {name: "Anna"}}', "identify")
    text = planted(
        text,
        "  who:",
        "  first: {branch: [{when: caller, next: named}], otherwise: who}\n"
        "  named: {set: {name: Anna}, next: who}\n  who:",
    )
    assert one(text, identify=IDENTIFY) == (
        "main.yaml:8:18: step 'who': flow 'identify' uses 'name', which is not always set when it is called: "
        "add it to 'with'"
    )


def test_a_language_that_it_does_not_speak() -> None:
    text = (
        MAIN.replace("languages: [en]", "languages: [en, pl]")
        .replace('"Your PIN is {pin}."', '{en: "{pin}", pl: "{pin}"}')
        .replace('"Sorry."', "{en: Sorry, pl: Przepraszam}")
    )
    assert one(text, identify=IDENTIFY) == (
        "main.yaml:6:25: step 'who': flow 'identify' does not speak pl: add it there"
    )


def test_a_mistake_in_a_called_flow_is_told_there_once() -> None:
    text = planted(
        MAIN,
        "next: bye}\n  person",
        "next: again}\n  again: {subflow: {flow: identify, with: "
        '{name: "Bob"}}, found: bye, unknown: person}\n  person',
    )
    assert one(text, identify=planted(IDENTIFY, "next: check", "next: chekc")) == (
        "identify.yaml:7:11: step 'question' leads to 'chekc', which is not a step (did you mean 'check'?)"
    )
    assert one(text, identify=planted(IDENTIFY, "return: found", "retrun: found")).startswith(
        "identify.yaml:13:8: step 'ok': 'retrun' is not a verb (did you mean 'return'?)"
    )
    loop = planted(IDENTIFY, "    otherwise: lost\n  ok", "    otherwise: check\n  ok")
    (told,) = problems(text, identify=loop)
    assert told.startswith("identify.yaml:12:16: 'who/check' -> 'who/check' goes round")
    unset = planted(IDENTIFY, "start: question", "start: check").replace("next: ok", "next: question", 1)
    (told,) = problems(text, identify=planted(unset, "'pin == \"1234\"'", "caller"))[:1]
    assert told.startswith("identify.yaml")
    assert one(text, identify="flow: [").startswith("identify.yaml:1:")


def test_mistakes_of_both_files_are_told_together() -> None:
    told = problems(
        planted(MAIN, "next: bye}\n  person", "next: byee}\n  person"),
        identify=planted(IDENTIFY, "next: check", "next: chekc"),
    )
    assert [problem.split(" ")[0] for problem in told] == ["main.yaml:7:44:", "identify.yaml:7:11:"]


def test_the_called_file_bears_the_name() -> None:
    assert one(MAIN, identify=planted(IDENTIFY, "flow: identify", "flow: identity")) == (
        "identify.yaml:1:7: the flow is named 'identity' but its file 'identify': give both one name"
    )


def test_circles() -> None:
    circle = (
        "flow: {}\nlanguages: [en]\nstart: a\nsteps:\n  a: {{subflow: {}, done: b}}\n  b: {{return: done}}\n"
    )
    text = MAIN.replace(
        '{flow: identify, with: {name: "Anna"}}, found: hello, unknown: sorry', "one, done: bye"
    )
    text = text.replace('  hello: {say: "Your PIN is {pin}.", next: bye}\n', "")
    assert one(text, one=circle.format("one", "one")) == (
        "one.yaml:5:16: step 'a': flows call one another in a circle: one -> one; take one of these calls out"
    )
    told = one(text, one=circle.format("one", "two"), two=circle.format("two", "one"))
    assert told == (
        "two.yaml:5:16: step 'a': flows call one another in a circle: one -> two -> one; take one of these "
        "calls out"
    )
    itself = planted(circle.format("main", "main"), "start: a", "always: {agent: b, trouble: b}\nstart: a")
    assert "in a circle: main -> main" in one(itself)


def chain(length: int, width: int = 1, own_steps: int = 0) -> dict[str, str]:
    """f0 calls f1 `width` times, and so on."""
    flows = {}
    for number in range(length):
        steps = (
            [
                f"  c{n}: {{subflow: f{number + 1}, done: {f'c{n + 1}' if n + 1 < width else 's0'}}}\n"
                for n in range(width)
            ]
            if number + 1 < length
            else []
        )
        steps += [f"  s{n}: {{set: {{x: y}}, next: {f's{n + 1}'}}}\n" for n in range(own_steps)]
        steps.append(f"  s{own_steps}: {{return: done}}\n")
        start = "c0" if number + 1 < length else "s0"
        flows[f"f{number}"] = f"flow: f{number}\nlanguages: [en]\nstart: {start}\nsteps:\n{''.join(steps)}"
    return flows


CALLS_F0 = """\
flow: main
languages: [en]
always: {agent: bye, trouble: bye}
start: first
steps:
  first: {subflow: f0, done: bye}
  bye: {hangup: normal}
"""


def test_eight_calls_deep_is_enough() -> None:
    assert len(load_flow(CALLS_F0, "main.yaml", others=others(**chain(8))).steps) == 2 + 7 * 2 + 1
    (told,) = problems(CALLS_F0, **chain(9))
    assert told.endswith("more than 8 flows deep: put two of them together")
    began = time.monotonic()
    (told,) = problems(CALLS_F0, **chain(150))
    assert "more than 8 flows deep" in told
    assert time.monotonic() - began < 1.0


def test_what_grows_by_being_called_again_and_again_is_refused_at_once() -> None:
    began = time.monotonic()
    (told,) = problems(CALLS_F0, **chain(8, width=10))
    assert "there are more than 1,000 steps: call fewer or shorter flows" in told
    assert told.startswith("f")
    assert time.monotonic() - began < 1.0
    assert "more than 1,000 steps" in one(CALLS_F0, **chain(2, width=2, own_steps=400))
