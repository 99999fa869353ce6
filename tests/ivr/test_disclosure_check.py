"""A flow that speaks of a debt before its caller was verified is refused, with the line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flows import HEAD, TAIL, load, small

from ivr.reading.loader import FlowRejected, FlowText, load_flow

WHO = "  who: {verify: {pin: pin, digits: 4, prompt: PIN?}, verified: about, failed: person}\n"
ABOUT = {
    "promise": '  about: {promise: {amount: "10", due: "2026-03-05"}, next: bye, refused: bye}\n',
    "dispute": "  about: {dispute: {note: said}, next: bye, unknown: bye}\n",
    "debt": "  about: {debt: {into: debt}, next: bye, unknown: bye}\n",
}


def told(make: Callable[[], object]) -> list[str]:
    with pytest.raises(FlowRejected) as refused:
        make()
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize("verb", ABOUT)
def test_a_debt_is_spoken_of_behind_verify_alone(verb: str) -> None:
    load("  first: {say: Hello., next: who}\n" + WHO + ABOUT[verb])
    problems = told(lambda: load("  first: {say: Hello., next: about}\n" + ABOUT[verb]))
    assert problems == [
        "small.yaml:7:3: step 'about' is about a debt, and who comes to it from 'first' by next was not "
        "verified: lead to it behind 'verified' of a verify step"
    ]


@pytest.mark.parametrize(
    ("steps", "head", "way"),
    [
        (ABOUT["promise"].replace("about", "first", 1), HEAD, "first"),
        (f"  first: {{say: Hello., next: who}}\n{WHO}".replace("failed: person", "failed: about")
         + ABOUT["dispute"], HEAD, "from 'who' by failed"),
        (f"  first: {{say: Hello., next: who}}\n{WHO}{ABOUT['dispute']}",
         HEAD.replace("trouble: sorry", "trouble: about"), "by always.trouble"),
        (f"  first: {{say: Hello., next: who}}\n{WHO}{ABOUT['debt']}",
         HEAD.replace("agent: person", "agent: about"), "by always.agent"),
    ],
)  # fmt: skip
def test_every_way_counts(steps: str, head: str, way: str) -> None:
    problems = [one for one in told(lambda: load(steps, head)) if "about a debt" in one]
    assert len(problems) == 1
    assert f"comes to it {way} was not verified" in problems[0]


def test_a_flow_that_is_called_verifies_for_its_caller_and_is_looked_at_in_its_place() -> None:
    identify = (
        "flow: identify\nlanguages: [en]\nstart: ask\nsteps:\n"
        "  ask: {verify: {pin: pin, digits: 4, prompt: PIN?}, verified: yes, failed: no}\n"
        "  'yes': {return: verified}\n  'no': {return: stranger}\n"
    )
    pay = (
        "flow: pay\nlanguages: [en]\nstart: about\nsteps:\n"
        + ABOUT["promise"].replace("bye", "done") + "  done: {return: done}\n"
    )  # fmt: skip
    flows = {"identify": identify, "pay": pay}

    def whole(steps: str) -> object:
        others = {name: FlowText(file=f"{name}.yaml", text=text) for name, text in flows.items()}
        return load_flow(HEAD + steps + TAIL, "small.yaml", others=others)

    load_flow(pay, "pay.yaml")  # alone it is called by who was verified
    who = "  first: {subflow: {flow: identify}, verified: %s, stranger: %s}\n"
    call = "  pay: {subflow: {flow: pay}, done: bye}\n"
    whole(who % ("pay", "person") + call)
    problems = told(lambda: whole(who % ("person", "pay") + call))
    assert len(problems) == 1
    assert problems[0].startswith("pay.yaml:5:3: step 'pay/about' is about a debt")


def test_what_cannot_be_read_is_not_told_twice() -> None:
    broken = WHO.replace("digits: 4", "digits: four")
    text = small("  first: {say: Hello., next: who}\n" + broken + ABOUT["debt"])
    assert not [one for one in told(lambda: load_flow(text, "small.yaml")) if "about a debt" in one]
