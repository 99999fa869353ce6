"""Running a flow's tests, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.flow import Flow
from ivr.rehearsal.coverage import Coverage
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.rehearsal import Rehearsal, Rehearsed
from ivr.rehearsal.script import FlowTest
from ivr.surroundings import NOWHERE, Surroundings
from wording.yaml_source import Place


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failure`: what was expected and what came instead; empty when all held. `place`: of the act."""

    flow: Flow
    test: FlowTest
    rehearsed: Rehearsed
    failure: str
    place: Place

    @property
    def passed(self) -> bool:
        return not self.failure

    def told(self) -> str:
        """The failure with its place, and the transcript."""
        where = f"{self.flow.file}:{self.place.line}:{self.place.column}"
        head = f"{where}: test {self.test.name!r}: {self.failure}"
        return "\n".join((head, *(f"    {line}" for line in self.rehearsed.transcript.splitlines())))


def run_test(flow: Flow, test: FlowTest, surroundings: Surroundings = NOWHERE) -> Verdict:
    """Play one test. Trouble of the flow itself, such as a value that is not set, fails it too."""
    rehearsed = Rehearsal(flow, given=test.given, surroundings=surroundings).play(test.acts)
    place = test.place
    failure = rehearsed.failures[0] if rehearsed.failures else ""
    if rehearsed.failed_act is not None:
        place = test.places[rehearsed.failed_act]
    if rehearsed.troubles:
        trouble = f"the flow was in trouble ({rehearsed.troubles[0]})"
        failure = f"{failure}; {trouble}" if failure else trouble
    return Verdict(flow, test, rehearsed, failure, place)


@dataclass(frozen=True, slots=True)
class Run:
    """All tests of some flows, and what they reached together."""

    verdicts: tuple[Verdict, ...]
    coverage: Coverage

    @property
    def failed(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)


def run_flows(flows: Iterable[Flow], surroundings: Surroundings = NOWHERE, *, word: str = "") -> Run:
    """Run the tests of the flows; with `word`, those whose name has it. Raises SourceRejected."""
    verdicts: list[Verdict] = []
    coverage = Coverage()
    for flow in flows:
        coverage.expect(flow)
        for test in flow_tests(flow):
            if word.casefold() in test.name.casefold():
                verdict = run_test(flow, test, surroundings)
                verdicts.append(verdict)
                coverage.add(flow, verdict.rehearsed)
    return Run(tuple(verdicts), coverage)
