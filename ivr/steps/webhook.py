"""webhook: ask a service that the configuration declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, model_validator

from ivr.activity import Activity
from ivr.commands import Fetch
from ivr.outward import checked_path, outward_path
from ivr.reading.shape import Seconds
from ivr.steps.body import StepBody
from ivr.steps.set import VariableName
from ivr.talk import LONGEST_SAYING_SECONDS
from ivr.texts import TemplateText, Texts
from wording.templates import Template, parse_template

if TYPE_CHECKING:
    from ivr.events import Finished
    from ivr.flow import Step
    from ivr.talk import Talk, Wording

# A performer gives up after the step's own timeout and has reported by then.
REPORT_GRACE_SECONDS = 5.0
METHODS = ("get", "post", "put", "delete")

ServicePath = Annotated[TemplateText, AfterValidator(checked_path)]


def _body(value: Any) -> Any:
    """Tables, lists and texts; in the texts there may be values."""
    match value:
        case dict():
            return {key: _body(inner) for key, inner in value.items()}
        case list():
            return [_body(inner) for inner in value]
        case str():
            return parse_template(value)
    raise ValueError("texts, tables and lists are wanted here")


def _table(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError('a table is wanted here, such as {order: "{order}"}')
    return _body(value)


class Webhook(StepBody):
    """`webhook: {service: orders, get: "/orders/{order}", into: reply, timeout: 3s}`.

    `prompt` is said while the service is asked. `into` takes its answer, which is JSON.
    """

    verb: ClassVar[str] = "webhook"
    required: ClassVar[tuple[str, ...]] = ("next", "failed")

    service: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    get: ServicePath | None = None
    post: ServicePath | None = None
    put: ServicePath | None = None
    delete: ServicePath | None = None
    body: Annotated[dict[str, Any], PlainValidator(_table, json_schema_input_type=dict)] | None = None
    into: VariableName | None = None
    timeout: Seconds = Field(default=5.0, ge=0.1, le=30.0)
    prompt: Texts | None = None

    @model_validator(mode="after")
    def _one_method(self) -> Webhook:
        methods = [method for method in METHODS if getattr(self, method) is not None]
        if len(methods) != 1:
            raise ValueError(
                f'one of {", ".join(METHODS)} with its path is wanted, as get: "/orders/{{order}}"'
            )
        if self.body is not None and methods[0] in ("get", "delete"):
            raise ValueError(f"{methods[0]} sends no body: use post or put, or put the values into the path")
        return self

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if outcome == "next" and self.into is not None else frozenset()

    def begin(self, talk: Talk, step: Step) -> Activity | None:
        method = next(name for name in METHODS if getattr(self, name) is not None)
        asked = outward_path(talk, getattr(self, method))
        if asked is None:
            talk.finish("failed")
            return None
        path, logged = asked.path, asked.logged
        language = str(talk.scope["language"])
        body = None if self.body is None else _rendered(self.body, talk.scope, language)

        def fetch(work_id: int) -> Fetch:
            return Fetch(work_id, self.service, method.upper(), path, body, self.timeout, logged)

        return _Asking(talk, step, self.prompt, fetch, self.timeout + REPORT_GRACE_SECONDS)

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        if isinstance(talk.activity, _Asking) and talk.activity.hold(work):
            return
        if work.outcome != "next" or self.into is None or talk.set(self.into, work.values.get("reply")):
            talk.finish(work.outcome)


def _rendered(value: Any, scope: Mapping[str, object], language: str) -> Any:
    match value:
        case Template():
            return value.render(scope, language)
        case dict():
            return {key: _rendered(inner, scope, language) for key, inner in value.items()}
    return [_rendered(inner, scope, language) for inner in value]


class _Asking(Activity):
    """Asks at once, and says something meanwhile. What was begun to be said is said to its end."""

    def __init__(
        self,
        talk: Talk,
        step: Step,
        prompt: Wording | None,
        fetch: Callable[[int], Fetch],
        limit_seconds: float,
    ) -> None:
        super().__init__(talk, step)
        self._answer: Finished | None = None
        self._limit_seconds = limit_seconds
        self._due = talk.now + timedelta(seconds=limit_seconds)
        talk.stop_listening()
        talk.work(fetch)
        if prompt is None:
            talk.deadline = self._due
        else:
            talk.say([prompt], interrupt=True)

    def hold(self, work: Finished) -> bool:
        """Whether the answer waits until the prompt has ended."""
        if self.talk.saying is None or self._answer is not None:
            return False
        self._answer = work
        self.talk.deadline = self.talk.now + timedelta(seconds=LONGEST_SAYING_SECONDS)
        return True

    def spoken(self) -> None:
        if self._answer is not None:
            self.step.body.finished(self.talk, self.step, self._answer)
        else:
            self.talk.deadline = self._due

    def key(self, key: str) -> None:
        """It cuts the prompt short and counts in the next step."""
        if self.talk.keep_key(key) and self.talk.saying is not None:
            self.talk.stop_saying()
            self.spoken()

    def time_passed(self) -> None:
        self.talk.work_over("late")
        self.talk.trouble("no outcome", f"webhook reported nothing in {self._limit_seconds:g} s")
