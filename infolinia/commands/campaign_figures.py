"""A campaign's figures as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from engine.campaign_live import CampaignLive


def live_lines(live: CampaignLive) -> Iterator[str]:
    """Today, the abandon cap's window, and what goes on at the moment."""
    today, window = live.today, live.window
    yield (
        f"today       {today.attempts} calls, {today.live} answered by people ({_share(today.answered)}), "
        f"{today.abandoned} abandoned, {today.machines} machines; utilisation {_share(today.utilisation)}"
    )
    cap = "no cap" if window.cap is None else f"cap {_share(window.cap)}"
    over = ", over the cap" if window.over else ""
    counted = window.counters
    yield (
        f"window      since {window.since:%Y-%m-%d %H:%M} UTC: {counted.abandoned} abandoned of "
        f"{counted.live} answered by people ({_share(window.rate)}; {cap}{over})"
    )
    if live.run is None:
        return
    states = live.run["agent_states"]
    agents = ", ".join(f"{states[state]} {word}" for state, word in _STATES if states.get(state))
    flights = ", ".join(f"{count} {stage}" for stage, count in live.run["in_flight"].items() if count)
    yield f"now         {live.run['why']}"
    yield f"agents      {agents or 'none'}"
    yield f"lines       {live.run['calls']} of {live.run['lines']} in use{f': {flights}' if flights else ''}"
    for reason, count in live.run["not_called"].items():
        yield f"not called  {count} by {reason}"


_STATES = (("idle", "ready"), ("talking", "talking"), ("wrapping", "in wrap-up"))


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
