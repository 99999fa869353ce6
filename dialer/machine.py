"""Answering machines: how they are told from people, what they get, how often people are taken for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    seconds: float = 2.5
    audit_share: float = 0.02
