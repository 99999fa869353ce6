"""A call flow's text made into a Flow, or all that is wrong with it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ivr import sentences
from ivr.checks import Draft, check_draft
from ivr.flow import Always, Flow, Step
from ivr.flow_tests import check_tests
from ivr.shape import guess, model_despite_strangers, read_model
from ivr.source import Listing, Node, Place, Problem, Scalar, SourceRejected, Table, read_yaml
from ivr.steps.body import StepBody
from ivr.steps.verbs import VERBS

# A flow that a person can still read. Larger ones are split.
MOST_STEPS = 1000
VERSION_HEX_DIGITS = 12

FLOW_KEYS = ("flow", "languages", "use", "always", "start", "steps", "tests")
USE_KEYS = ("hours", "queues", "services", "campaigns")


class FlowRejected(SourceRejected):
    """A flow is refused; see SourceRejected."""


def load_flow(text: str | bytes, file: str) -> Flow:
    """Read and check a flow. `file` is only named in problems. Raises FlowRejected with every problem."""
    try:
        root = read_yaml(text, file)
    except SourceRejected as rejected:
        raise FlowRejected(rejected.problems) from None
    loader = _Loader(file)
    flow = loader.load(root, version_of(text))
    if flow is None or loader.problems:
        raise FlowRejected(tuple(sorted(loader.problems, key=lambda p: (p.line, p.column))))
    return flow


def version_of(text: str | bytes) -> str:
    """The content hash that names a version."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(raw).hexdigest()[:VERSION_HEX_DIGITS]


class _Loader:
    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[Problem] = []

    def load(self, root: Node, version: str) -> Flow | None:
        if not isinstance(root, Table):
            self._note(root.place, "a flow is a table of keys: flow, languages, always, start, steps")
            return None
        self._known(root, FLOW_KEYS, "a flow")
        name = self._word(root, "flow", root)
        languages = self._languages(root)
        steps = root.value("steps")
        if not isinstance(steps, Table):
            place = root.place if steps is None else steps.place
            self._note(place, "'steps' is missing: a table of each step's name and what it does")
            return None
        if len(steps.entries) > MOST_STEPS:
            self._note(steps.place, f"{len(steps.entries):,} steps: more than {MOST_STEPS:,}; split the flow")
            return None
        draft = Draft(self._file, steps, self._start(root), self._always(root))
        for step_name, (key, node) in steps.entries.items():
            self._step(draft, step_name, key, node, languages)
        uses = self._uses(root)
        tests = self._tests(root, draft)
        self.problems += check_draft(draft)
        if self.problems or draft.start is None:
            return None
        always = {key: target.text for key, target in draft.always.items()}
        return Flow(
            name=name,
            version=version,
            file=self._file,
            languages=languages,
            start=draft.start.text,
            always=Always(always["agent"], always["trouble"], always.get("gone")),
            steps=draft.steps,
            uses=uses,
            tests=tests,
        )

    # --- the head -----------------------------------------------------------------------------------------

    def _languages(self, root: Table) -> tuple[str, ...]:
        node = root.value("languages")
        if node is None:
            self._note(root.place, "'languages' is missing: for example languages: [pl, en]")
            return ()
        found: list[str] = []
        for item in self._items(node, "'languages' is a list such as [pl, en]"):
            if item.text not in sentences.LANGUAGES:
                known = ", ".join(sorted(sentences.LANGUAGES))
                self._note(item.place, f"language {item.text!r} is not known here; there are {known}")
            elif item.text in found:
                self._note(item.place, f"language {item.text!r} is named twice")
            else:
                found.append(item.text)
        return tuple(found)

    def _start(self, root: Table) -> Scalar | None:
        node = root.value("start")
        if isinstance(node, Scalar) and node.text:
            return node
        self._note(
            root.place if node is None else node.place, "'start' is missing: the name of the first step"
        )
        return None

    def _always(self, root: Table) -> dict[str, Scalar]:
        node = root.value("always")
        if not isinstance(node, Table):
            place = root.place if node is None else node.place
            self._note(place, "'always' is missing: {agent: STEP, trouble: STEP}, where a person takes over")
            return {}
        self._known(node, ("agent", "trouble", "gone"), "always")
        found = {}
        for key in ("agent", "trouble", "gone"):
            target = node.value(key)
            if isinstance(target, Scalar) and target.text:
                found[key] = target
            elif target is not None:
                self._note(target.place, f"always: {key!r} names a step")
            elif key != "gone":
                self._note(node.place, f"always: {key!r} is missing: the step it leads to")
        return found

    def _uses(self, root: Table) -> dict[str, tuple[str, ...]]:
        node = root.value("use")
        if node is None:
            return {}
        if not isinstance(node, Table):
            self._note(node.place, "'use' is a table such as {hours: [office]}")
            return {}
        self._known(node, USE_KEYS, "use")
        return {
            kind: tuple(item.text for item in self._items(value, f"use: {kind!r} is a list of names"))
            for kind, (_, value) in node.entries.items()
        }

    def _tests(self, root: Table, draft: Draft) -> tuple[Node, ...]:
        node = root.value("tests")
        if node is None:
            return ()
        if not isinstance(node, Listing):
            self._note(node.place, "'tests' is a list of tests")
            return ()
        self.problems += check_tests(node.items, self._file, draft.steps, draft.unread)
        return node.items

    # --- a step -------------------------------------------------------------------------------------------

    def _step(self, draft: Draft, name: str, key: Scalar, node: Node, languages: tuple[str, ...]) -> None:
        about = f"step {name!r}: "
        if not isinstance(node, Table):
            self._note(node.place, f"{about}a step is one verb and where its outcomes lead")
            draft.broken(name)
            return
        verbs = [word for word in node.entries if word in VERBS]
        if len(verbs) != 1:
            self._no_single_verb(node, key, about, verbs)
            draft.broken(name)
            return
        body_class = VERBS[verbs[0]]
        outcomes = self._outcomes(node, key, about, verbs[0])
        body = node.value(verbs[0])
        assert body is not None
        if not languages:
            draft.broken(name)  # its texts cannot be judged
            return
        try:
            model = read_model(body_class, body, self._file, {"languages": languages}, about)
        except SourceRejected as rejected:
            self.problems += rejected.problems
            lenient = model_despite_strangers(body_class, body, {"languages": languages})
            if lenient is None:
                draft.broken(name)
                return
            model = lenient  # so that what its other words say is checked too
        self._outcomes_here(model, node, key, about)
        trouble = draft.always.get("trouble")
        everything = dict(outcomes)
        for outcome in model.optional_here():
            instead = outcomes.get(model.goes_with.get(outcome, "")) or (trouble and trouble.text)
            if outcome not in everything and instead is not None:
                everything[outcome] = instead
        draft.add(Step(name, model, everything, node), frozenset(outcomes))

    def _no_single_verb(self, node: Table, key: Scalar, about: str, verbs: Sequence[str]) -> None:
        if verbs:
            second = node.entries[verbs[1]][0]
            self._note(second.place, f"{about}two verbs, {verbs[0]} and {verbs[1]}: make it two steps")
            return
        every_outcome = {o for body in VERBS.values() for o in (*body.required, *body.optional)}
        strange = [entry[0] for word, entry in node.entries.items() if word not in every_outcome]
        if strange:
            hint = guess(strange[0].text, VERBS) or f"; there are {', '.join(VERBS)}"
            self._note(strange[0].place, f"{about}{strange[0].text!r} is not a verb{hint}")
        else:
            self._note(key.place, f"{about}has no verb; there are {', '.join(VERBS)}")

    def _outcomes(self, node: Table, key: Scalar, about: str, verb: str) -> dict[str, str]:
        """Where the outcomes that are written lead."""
        body = VERBS[verb]
        known = (*body.required, *body.optional)
        before = len(self.problems)
        found: dict[str, str] = {}
        for word, (name, value) in node.entries.items():
            if word == verb:
                continue
            if word not in known:
                hint = guess(word, known) or f"; it has {', '.join(known) or 'none'}"
                self._note(name.place, f"{about}{verb} has no outcome {word!r}{hint}")
            elif not isinstance(value, Scalar) or not value.text:
                self._note(value.place, f"{about}{word!r} names the next step")
            else:
                found[word] = value.text
        strange = len(self.problems) > before
        for outcome in body.required:
            if outcome not in node and not (strange and len(known) == 1):
                self._note(key.place, f"{about}{outcome!r} is missing: the step that {verb} leads to")
        return found

    def _outcomes_here(self, model: StepBody, node: Table, key: Scalar, about: str) -> None:
        """What the verb as such lets pass, but not as it is used in this step."""
        for outcome in model.required_here():
            if outcome not in node and outcome not in model.required:
                self._note(key.place, f"{about}{outcome!r} is missing: the step that {model.verb} leads to")
        here = (*model.required_here(), *model.optional_here())
        for outcome in (*model.required, *model.optional):
            if outcome in node and outcome not in here:
                place = node.entries[outcome][0].place
                self._note(place, f"{about}this {model.verb} never ends with {outcome!r}: delete it")

    # --- small things -------------------------------------------------------------------------------------

    def _known(self, table: Table, keys: Iterable[str], what: str) -> None:
        known = tuple(keys)
        for word, (key, _) in table.entries.items():
            if word not in known:
                hint = guess(word, known) or f"; there are {', '.join(known)}"
                self._note(key.place, f"{word!r} is not a key of {what}{hint}")

    def _word(self, table: Table, key: str, where: Node) -> str:
        node = table.value(key)
        if isinstance(node, Scalar) and node.text:
            return node.text
        self._note(where.place if node is None else node.place, f"{key!r} is missing: a name is wanted")
        return ""

    def _items(self, node: Node, wanted: str) -> list[Scalar]:
        if not isinstance(node, Listing) or not node.items:
            self._note(node.place, wanted)
            return []
        for item in node.items:
            if not isinstance(item, Scalar):
                self._note(item.place, wanted)
        return [item for item in node.items if isinstance(item, Scalar)]

    def _note(self, place: Place, message: str) -> None:
        self.problems.append(Problem(self._file, place.line, place.column, message))
