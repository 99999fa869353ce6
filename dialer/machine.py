"""Answering machines: how they are told from people, what they get, how often people are taken for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from compliance.facts import Mode


class Detect(StrEnum):
    OFF = "off"  # whatever answers is given to an agent or the flow
    AMD = "amd"  # by silence and sound
    SPEECH = "speech"  # by the greeting's words too


class OnMachine(StrEnum):
    HANG_UP = "hang_up"
    MESSAGE = "message"  # after the greeting
    CONNECT = "connect"


@dataclass(frozen=True, slots=True)
class MachinePolicy:
    """`flow`: led through it when `on_machine` is `message`. `seconds`: the longest that detection takes.

    `audit_share`: of calls with a machine's verdict this share (0 to 1) is listened to by people:
    so the share of people who are taken for machines is measured.
    """

    detect: Detect = Detect.OFF
    on_machine: OnMachine = OnMachine.HANG_UP
    flow: str | None = None
    seconds: float = 3.0
    audit_share: float = 0.02


# What is assumed until so many of a machine's verdicts were listened to; a number of this house, no study's.
ASSUMED_ERROR = 0.01
AUDITS_NEEDED = 100


@dataclass(frozen=True, slots=True)
class DetectionCounts:
    """Verdicts of one campaign's calls: `humans` (unsure ones too) and `machines`.

    Of `machines`, `audited` were listened to by a person, who found `audited_people` people among them.
    """

    humans: int = 0
    machines: int = 0
    audited: int = 0
    audited_people: int = 0


@dataclass(frozen=True, slots=True)
class DetectionError:
    """The share of people who are taken for machines, with its 95 % interval.

    `counted` is what the abandon budget is charged with. `measured`: enough was listened to for `share`.
    """

    share: float
    low: float
    high: float
    measured: bool
    counted: float


def detection_error(counts: DetectionCounts) -> DetectionError:
    """From how many of the audited machines were people (Wilson's interval).

    Of the verdicts "machine" that share are people; with those found to be human they are all the people
    who answered. Until AUDITS_NEEDED, the budget is charged with ASSUMED_ERROR at least.
    """
    low, high = wilson(counts.audited_people, counts.audited)
    found = counts.audited_people / counts.audited if counts.audited else 0.0
    share, least, most = (_of_people(one, counts) for one in (found, low, high))
    measured = counts.audited >= AUDITS_NEEDED
    counted = share if measured else max(share, ASSUMED_ERROR)
    return DetectionError(share, least, most, measured, counted)


def detection_refused(
    mode: Mode, policy: MachinePolicy, abandon_cap: float | None, error: DetectionError
) -> bool:
    """At half the cap or more no pacing can comply: such a campaign must not detect machines.

    Only of calls that agents are sought for while they ring may any be abandoned.
    """
    if policy.detect is Detect.OFF or mode not in (Mode.PROGRESSIVE, Mode.PREDICTIVE):
        return False
    return abandon_cap is not None and error.counted >= abandon_cap / 2


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """The interval of a share, 95 % by default; of nothing it is all there is.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    if of <= 0:
        return 0.0, 1.0
    share = hits / of
    middle = share + z * z / (2 * of)
    reach = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    low = 0.0 if hits == 0 else max(0.0, (middle - reach) / scale)
    high = 1.0 if hits == of else min(1.0, (middle + reach) / scale)
    return low, high


def _of_people(share_of_machines: float, counts: DetectionCounts) -> float:
    taken = share_of_machines * counts.machines
    people = taken + counts.humans
    return taken / people if people > 0 else 0.0
