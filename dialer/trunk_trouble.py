"""A trunk that is down or rejects calls is left alone for a while, then tried with one call.

    ok --failures on end--> broken --its wait is over--> trying --a call gets through--> ok
                              ^------------- it fails again ----|

Leads that met it were not called: they go back unburnt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dialer.results import OURS, AttemptResult

# One number may be at fault, several on end are not: 503 and its kin from this many different numbers.
FAILURES_ON_END = 3
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=5)
# A trial call that tells nothing for so long is taken for a failure.
TRIAL_LIMIT = timedelta(seconds=60)

_TROUBLE = frozenset({AttemptResult.CONGESTION, AttemptResult.FAILED})


class TrunkState(StrEnum):
    OK = "ok"
    BROKEN = "broken"
    TRYING = "trying"


class TrunkNews(StrEnum):
    """What the manager is told, once for each trouble."""

    BROKE = "broke"
    MENDED = "mended"


@dataclass(frozen=True, slots=True)
class Trunk:
    """`failed`: numbers that failed on end. `since`: of the trouble. `until`: no call before that."""

    name: str
    state: TrunkState = TrunkState.OK
    failed: tuple[str, ...] = ()
    waits: int = 0
    since: datetime | None = None
    until: datetime | None = None
    last: AttemptResult | None = None


def may_dial(trunk: Trunk, now: datetime) -> bool:
    """Whether a call may go out on it; of one that is broken, only the one that tries it."""
    return trunk.state is TrunkState.OK or (trunk.until is not None and now >= trunk.until)


def dialled(trunk: Trunk, now: datetime) -> Trunk:
    """A call was placed on it."""
    if trunk.state is TrunkState.OK:
        return trunk
    return replace(trunk, state=TrunkState.TRYING, until=now + TRIAL_LIMIT)


def told(
    trunk: Trunk, number: str, result: AttemptResult | None, now: datetime
) -> tuple[Trunk, TrunkNews | None]:
    """What the network said of a call. `result` None: it rings, so the trunk works."""
    if result in OURS:
        return trunk, None
    if result not in _TROUBLE:
        mended = TrunkNews.MENDED if trunk.state is not TrunkState.OK else None
        return Trunk(trunk.name), mended
    failed = trunk.failed if number in trunk.failed else (*trunk.failed, number)[-FAILURES_ON_END:]
    if trunk.state is TrunkState.OK and len(failed) < FAILURES_ON_END:
        return replace(trunk, failed=failed, last=result), None
    if trunk.state is TrunkState.BROKEN:
        return replace(trunk, failed=failed, last=result), None  # calls that were out when it broke
    return _broken(trunk, failed, result, now)


def down(trunk: Trunk, now: datetime) -> tuple[Trunk, TrunkNews | None]:
    """It does not answer at all, as those who ask it find."""
    if trunk.state is TrunkState.BROKEN:
        return trunk, None
    return _broken(trunk, trunk.failed, trunk.last, now)


def _broken(
    trunk: Trunk, failed: tuple[str, ...], result: AttemptResult | None, now: datetime
) -> tuple[Trunk, TrunkNews | None]:
    wait = min(FIRST_WAIT * (1 << min(trunk.waits, 10)), LONGEST_WAIT)
    broken = Trunk(
        trunk.name, TrunkState.BROKEN, failed, trunk.waits + 1, trunk.since or now, now + wait, result
    )
    return broken, TrunkNews.BROKE if trunk.since is None else None
