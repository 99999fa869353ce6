"""Files that are too much of something: each refused within a second, with the reason."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest

from ivr.reading.loader import FlowRejected, load_flow
from tests.ivr.flows import HEAD, small


def many_steps(count: int) -> str:
    return small("\n".join(f"  s{n}: {{set: {{x: '1'}}, next: s{n + 1}}}" for n in range(count)))


TOO_MUCH = {
    "10,000 steps": (many_steps(10_000), "10,003 steps: more than 1,000; split the flow"),
    "10 MB": (HEAD + "#" * 10_000_000, "more than 1,000,000 characters: split the file"),
    "10 MB of bytes": ((HEAD + "ą" * 5_000_000).encode(), "more than 1,000,000 characters: split the file"),
    "a deep list": (HEAD + "  first: " + "[" * 5_000, "nested more than 30 levels deep"),
    "a deep table": (
        HEAD + "".join(" " * (2 + n) + "a:\n" for n in range(500)),
        "nested more than 30 levels deep",
    ),
    "a bomb of aliases": (
        "a: &a [x]\n" + "\n".join(f"b{n}: &b{n} [*a, *a]" for n in range(100)),
        "an alias: write the value out",
    ),
    "many values": (HEAD + "  first: [" + "a," * 200_000 + "]", "more than 100,000 keys and values"),
    "deep brackets in an expression": (
        small(f"  first: {{branch: [{{when: '{'(' * 1000}a', next: bye}}], otherwise: bye}}"),
        "more than 20 levels of brackets",
    ),
    "a long expression": (
        small(f'  first: {{say: "{{{"a " * 5000}}}", next: bye}}'),
        "an expression of more than 2000 characters",
    ),
    "a thousand mistakes": (
        small("\n".join(f"  s{n}: {{sya: hello {n}, next: s{n + 1}}}" for n in range(900))),
        "'sya' is not a verb",
    ),
    "a thousand dangling ways": (
        small("\n".join(f"  s{n}: {{say: hello {n}, next: zz{n}}}" for n in range(900))),
        "which is not a step",
    ),
    "the same slip in a thousand steps": (
        small(
            "\n".join(
                f'  s{n}: {{branch: [{{if: "caller == 1", next: s{n * 7 % 900}}}], otherwise: s{n + 1}}}'
                for n in range(900)
            )
        ),
        "'if' is not known here",
    ),
    "names as long as paragraphs": (
        small("\n".join(f"  {'n' * 300}{n}: {{say: hello, next: {'n' * 300}z{n}}}" for n in range(900))),
        "which is not a step",
    ),
}


def started() -> float:
    """CPU seconds now. What the tests before this one left behind is not looked through meanwhile."""
    gc.collect()
    gc.freeze()
    return time.process_time()


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", TOO_MUCH)
def test_refused_within_a_second(name: str) -> None:
    text, reason = TOO_MUCH[name]
    began = started()
    with pytest.raises(FlowRejected) as rejected:
        load_flow(text, "f")
    assert time.process_time() - began < 1.0
    assert any(reason in problem.message for problem in rejected.value.problems), str(rejected.value)[:500]


def test_a_thousand_steps_are_loaded_within_a_second() -> None:
    steps = [f"  first{n}: {{say: 'hello {n}', next: first{n + 1}}}" for n in range(990)]
    text = small("\n".join(steps).replace("first0:", "first:", 1).replace("next: first990", "next: person"))
    began = started()
    assert len(load_flow(text, "f").steps) == 993
    assert time.process_time() - began < 1.0
