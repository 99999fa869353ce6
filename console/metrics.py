"""Prometheus measures. The composition root feeds the counters; gauges are read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from calls.call import Call
from engine.health import Health
from engine.live import LiveCalls
from engine.queues import Waited

# As the label says whether an agent had answered.
ANSWERED = {Waited.ANSWERED: "yes", Waited.UNANSWERED: "no", Waited.OVERFLOWED: "overflowed"}
_WAIT_SECONDS = (5, 10, 20, 30, 60, 120, 300, 600, 1800)

Counts = Callable[[], Mapping[str, int]]


class _Now(Collector):
    """The state at the moment of asking, so that no gauge can go stale."""

    def __init__(self, live: LiveCalls, health: Health) -> None:
        self._live = live
        self._health = health
        self.agents: Counts = dict
        self.waiting: Counts = dict
        self.deliveries: Counts = dict
        self.callbacks: Counts = dict

    def collect(self) -> Iterable[Metric]:
        calls = GaugeMetricFamily("infolinia_calls_live", "Calls in progress", labels=["direction"])
        counts = {"inbound": 0, "outbound": 0}
        for call in self._live.all():
            counts[call.direction.value] += 1
        for direction, count in counts.items():
            calls.add_metric([direction], count)
        yield calls
        yield GaugeMetricFamily(
            "infolinia_ready", "1 when a call that came now would be served", value=int(self._health.ready)
        )
        parts = GaugeMetricFamily("infolinia_condition_ok", "1 when the part works", labels=["condition"])
        for condition in self._health.all():
            parts.add_metric([condition.name], int(condition.ok))
        yield parts
        yield _gauge("infolinia_agents", "Agents in each state", "state", self.agents())
        yield _gauge(
            "infolinia_queue_waiting", "Callers and visitors who wait for an agent", "queue", self.waiting()
        )
        yield _gauge(
            "infolinia_webhook_backlog", "Deliveries that are not delivered", "state", self.deliveries()
        )
        yield _gauge("infolinia_callbacks", "Callback requests", "state", self.callbacks())


def _gauge(name: str, what: str, label: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, what, labels=[label])
    for value, count in counts.items():
        gauge.add_metric([value], count)
    return gauge


class Metrics:
    """Never a phone number in a label."""

    def __init__(self, live: LiveCalls, health: Health) -> None:
        self._registry = CollectorRegistry()
        self._now = _Now(live, health)
        self._registry.register(self._now)
        self._calls = Counter(
            "infolinia_calls", "Calls that have ended", ["direction", "outcome"], registry=self._registry
        )
        self._refused = Counter(
            "infolinia_sip_refused", "SIP requests refused", ["reason"], registry=self._registry
        )

        self._delivered = Counter(
            "infolinia_webhook_deliveries",
            "Tries to deliver to a webhook",
            ["result"],
            registry=self._registry,
        )
        self._waits = Histogram(
            "infolinia_queue_wait_seconds",
            "How long callers waited in a queue, whatever came of it",
            ["queue"],
            buckets=_WAIT_SECONDS,
            registry=self._registry,
        )

        self._callers = Counter(
            "infolinia_queue_callers",
            "Callers who wait no longer",
            ["queue", "answered", "in_time"],
            registry=self._registry,
        )

    def watch_queues(self, agents: Counts, waiting: Counts) -> None:
        """Where the numbers of agents by state and of callers by queue are asked for."""
        self._now.agents, self._now.waiting = agents, waiting

    def watch_deliveries(self, backlog: Counts) -> None:
        """Where the numbers of deliveries that wait, and of dead ones, are asked for."""
        self._now.deliveries = backlog

    def watch_callbacks(self, counts: Counts) -> None:
        """Where the numbers of callback requests by state are asked for."""
        self._now.callbacks = counts

    def delivery_tried(self, result: str) -> None:
        """Count a try. `result`: what the delivery is after it; "waiting" is tried again."""
        self._delivered.labels(result).inc()

    def queue_left(self, queue: str, waited_seconds: float, waited: Waited, *, in_time: bool) -> None:
        """A caller waits no longer in this queue. `in_time`: within its service level."""
        self._waits.labels(queue).observe(waited_seconds)
        self._callers.labels(queue, ANSWERED[waited], "yes" if in_time else "no").inc()

    def call_ended(self, call: Call) -> None:
        """Count a call once it has ended."""
        self._calls.labels(call.direction.value, call.outcome.value if call.outcome else "unknown").inc()

    def sip_refused(self, reason: str = "not a trunk") -> None:
        """Count one refused SIP request. `reason` is one of a few fixed words."""
        self._refused.labels(reason).inc()

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)
