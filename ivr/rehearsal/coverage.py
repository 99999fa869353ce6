"""What a flow's tests have reached of it: steps, ways out of them, languages spoken, and `always`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ivr.flow import Flow, Step
from ivr.rehearsal.rehearsal import Rehearsed
from ivr.steps.return_ import Return
from ivr.steps.subflow import Subflow
from wording.yaml_source import Scalar, Table

KINDS = ("steps", "ways", "languages", "always")


@dataclass(frozen=True, slots=True)
class Missed:
    """Something that no test has reached, and the line where it is written."""

    file: str
    line: int
    kind: str  # one of KINDS
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Share:
    reached: int
    whole: int

    @property
    def percent(self) -> float:
        return 100.0 * self.reached / self.whole if self.whole else 100.0

    def __str__(self) -> str:
        return f"{self.reached} of {self.whole}"


@dataclass(slots=True)
class FileCoverage:
    """Of the steps that one file writes. Steps of a subflow count for its own file, whoever calls it."""

    file: str
    wanted: dict[tuple[str, str], Missed] = field(default_factory=dict)  # (kind, key) -> what to say of it
    reached: set[tuple[str, str]] = field(default_factory=set)

    def share(self, kind: str) -> Share:
        wanted = [key for key in self.wanted if key[0] == kind]
        return Share(sum(key in self.reached for key in wanted), len(wanted))

    def missed(self) -> list[Missed]:
        """Ways and languages of a step that was never entered are not told one by one, nor are all steps."""
        if not self.reached and self.wanted:
            return [Missed(self.file, 1, "steps", "no test reaches this flow: write its tests")]
        left = [missed for key, missed in self.wanted.items() if key not in self.reached]
        entered = {key[1] for key in self.reached if key[0] == "steps"}
        told = [
            missed
            for key, missed in self.wanted.items()
            if missed in left and (key[0] in ("steps", "always") or key[1].partition("\0")[0] in entered)
        ]
        return sorted(told, key=lambda missed: missed.line)


class Coverage:
    """Of one or more flows. `files` are in the order in which the flows were added."""

    def __init__(self) -> None:
        self.files: dict[str, FileCoverage] = {}

    def expect(self, flow: Flow) -> None:
        """All that there is in a flow."""
        for kind, key, missed in _whole(flow):
            self._file(missed.file).wanted.setdefault((kind, key), missed)

    def add(self, flow: Flow, rehearsed: Rehearsed) -> None:
        """What one rehearsal has reached."""
        for name in rehearsed.path:
            self._reach(flow, name, "steps")
        for name, way in rehearsed.ways:
            self._reach(flow, name, "ways", way)
            step = flow.steps[name]
            if step.verb == Return.verb:  # the way of the step that called
                self._reach(flow, name.rpartition("/")[0], "ways", way)
            if way == "agent":
                self._file(flow.file).reached.add(("always", "agent"))
            elif step.outcomes.get(way) == flow.always.trouble and way not in _written(step):
                self._file(flow.file).reached.add(("always", "trouble"))
        for name, languages in rehearsed.said_in:
            for language in languages:
                self._reach(flow, name, "languages", language)
        if rehearsed.troubles:
            self._file(flow.file).reached.add(("always", "trouble"))
        if rehearsed.ended == "caller":
            self._file(flow.file).reached.add(("always", "gone"))

    def _reach(self, flow: Flow, name: str, kind: str, more: str = "") -> None:
        step = flow.steps.get(name)
        if step is not None:
            self._file(file_of(flow, step)).reached.add((kind, _key(step, more)))

    def _file(self, file: str) -> FileCoverage:
        return self.files.setdefault(file, FileCoverage(file))


def file_of(flow: Flow, step: Step) -> str:
    """The file that writes the step: another one for a step of a subflow."""
    return step.file or flow.file


def own_name(step: Step) -> str:
    """The step's name in its own file."""
    return step.name.rpartition("/")[2]


def ways_of(step: Step) -> Iterator[tuple[str, str, int]]:
    """(way, step it leads to, line) of each way out that the file writes, also into and out of a subflow."""
    across = step.verb in (Subflow.verb, Return.verb)
    for edge in step.body.edges(step.outcomes, _written(step)):
        if edge.written or across:
            yield edge.label, edge.target, Flow.place(step, edge.path).line


def _own_ways(step: Step) -> Iterator[tuple[str, str, int]]:
    """Those that count: of a call, what it may return."""
    if step.verb == Return.verb:
        return
    if step.verb == Subflow.verb and isinstance(step.source, Table):
        for word, (key, target) in step.source.entries.items():
            if word != step.verb and isinstance(target, Scalar):
                yield word, target.text, key.place.line
    else:
        yield from ways_of(step)


def _written(step: Step) -> frozenset[str]:
    return frozenset(getattr(step.source, "entries", ()))


def _key(step: Step, more: str) -> str:
    return f"{own_name(step)}\0{more}" if more else own_name(step)


def _whole(flow: Flow) -> Iterator[tuple[str, str, Missed]]:
    for step in flow.steps.values():
        if step.implied:
            continue
        file, name, line = file_of(flow, step), own_name(step), step.source.place.line
        yield "steps", _key(step, ""), Missed(file, line, "steps", f"step {name!r} is never reached")
        for way, target, at in _own_ways(step):
            message = f"step {name!r}: {way} (to {target.rpartition('/')[2]!r}) is never taken"
            yield "ways", _key(step, way), Missed(file, at, "ways", message)
        if any(True for _ in step.body.spoken()):
            for language in flow.languages:
                message = f"step {name!r} is never said in {language}"
                yield "languages", _key(step, language), Missed(file, line, "languages", message)
    if flow.returns:
        return  # where the `always` of a called flow leads only matters when it is rehearsed alone
    heads = [("agent", "no caller asks for a person"), ("trouble", "nothing goes wrong")]
    if flow.always.gone is not None:
        heads.append(("gone", "no caller hangs up"))
    for word, what in heads:
        if getattr(flow.always, word):
            yield "always", word, Missed(flow.file, 1, "always", f"always.{word}: {what}")
