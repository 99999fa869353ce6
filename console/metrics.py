"""Prometheus measures. The composition root feeds the counters; gauges are read when asked for."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from calls.call import Call
from engine.health import Health
from engine.live import LiveCalls


class _Now(Collector):
    """The state at the moment of asking, so that no gauge can go stale."""

    def __init__(self, live: LiveCalls, health: Health) -> None:
        self._live = live
        self._health = health

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


class Metrics:
    """Never a phone number in a label."""

    def __init__(self, live: LiveCalls, health: Health) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Now(live, health))
        self._calls = Counter(
            "infolinia_calls", "Calls that have ended", ["direction", "outcome"], registry=self._registry
        )
        self._refused = Counter(
            "infolinia_sip_refused", "SIP requests refused", ["reason"], registry=self._registry
        )

    def call_ended(self, call: Call) -> None:
        """Count a call once it has ended."""
        self._calls.labels(call.direction.value, call.outcome.value if call.outcome else "unknown").inc()

    def sip_refused(self, reason: str = "not a trunk") -> None:
        """Count one refused SIP request. `reason` is one of a few fixed words."""
        self._refused.labels(reason).inc()

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)
