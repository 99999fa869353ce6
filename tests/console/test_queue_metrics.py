"""Agents and queues in the metrics."""

from __future__ import annotations

from console.metrics import Metrics
from engine.health import Health
from engine.live import LiveCalls
from engine.queues import Waited


def test_agents_and_waiting_callers_are_counted_as_they_are_now() -> None:
    live = LiveCalls()
    metrics = Metrics(live, Health(live))
    agents, waiting = {"idle": 2, "talking": 1}, {"orders": 3}
    metrics.watch_queues(lambda: agents, lambda: waiting)
    metrics.queue_left("orders", 12.0, Waited.ANSWERED, in_time=True)
    metrics.queue_left("orders", 400.0, Waited.UNANSWERED, in_time=False)
    metrics.queue_left("orders", 60.0, Waited.OVERFLOWED, in_time=False)
    text = metrics.render().decode()
    assert 'infolinia_agents{state="idle"} 2.0' in text
    assert 'infolinia_agents{state="talking"} 1.0' in text
    assert 'infolinia_queue_waiting{queue="orders"} 3.0' in text
    assert 'infolinia_queue_wait_seconds_bucket{le="20.0",queue="orders"} 1.0' in text
    assert 'infolinia_queue_wait_seconds_count{queue="orders"} 3.0' in text
    assert 'infolinia_queue_callers_total{answered="yes",in_time="yes",queue="orders"} 1.0' in text
    assert 'infolinia_queue_callers_total{answered="no",in_time="no",queue="orders"} 1.0' in text
    assert 'infolinia_queue_callers_total{answered="overflowed",in_time="no",queue="orders"} 1.0' in text
    waiting.clear()
    assert "infolinia_queue_waiting{" not in metrics.render().decode()
