"""What becomes of a call to somebody of the public: told by the number's digits, by a table, or drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dialer.forecast.fates import Fates
from dialer.forecast.world import World

# Q.850, and the SIP status that Asterisk makes of it: 404, 486, 480, 403, 410, 503.
UNALLOCATED, BUSY, NO_ANSWER, REJECTED, CHANGED, CONGESTION = 1, 17, 19, 21, 22, 34


@dataclass(frozen=True, slots=True)
class Fate:
    """Seconds. `ring_seconds` None: it rings until it is given up. `refusal`: Q.850, instead of an answer.

    `says`: a sound of tests.public.sounds, as they lift the receiver; `talks`: they go on talking.
    `stays_seconds`: from the answer until they hang up, None: the other party does. `talk_seconds`: from the
    first key that they hear, whatever they would have stayed. `room`: what is heard behind them.
    """

    setup_seconds: float = 0.0
    ring_seconds: float | None = 0.2
    refusal: int | None = None
    says: str = "hello"
    talks: bool = False
    stays_seconds: float | None = None
    talk_seconds: float | None = None
    room: str = "room"

    @property
    def person(self) -> bool:
        return self.refusal is None and self.ring_seconds is not None and self.says in PEOPLE


PEOPLE = frozenset({"hello", "hello-ru", "hello-street", "silence"})
FateOf = Callable[[str], Fate]

_REFUSALS = (BUSY, NO_ANSWER, UNALLOCATED, CHANGED, CONGESTION, REJECTED)
_VOICEMAILS = ("voicemail", "voicemail-ru", "voicemail-hello", "voicemail-full")


def by_digits(number: str) -> Fate:
    """By the last two digits:

    0n a person after n/2 s, who stays; 1n a person at once, who hangs up after n s; 2n one who says nothing;
    3n a voicemail after n/2 s, its greeting by n modulo 4; 4n a fax machine;
    50 busy (486), 51 unreachable (480), 52 unallocated (404), 53 changed (410), 54 congestion (503),
    55 rejected (403); 6n rings and rings; 7n a person who talks and talks. Anybody else answers at once.
    """
    kind, digit = int(number[-2]), int(number[-1])
    match kind:
        case 0:
            return Fate(ring_seconds=digit / 2)
        case 1:
            return Fate(stays_seconds=float(digit))
        case 2:
            return Fate(says="silence")
        case 3:
            return Fate(ring_seconds=digit / 2, says=_VOICEMAILS[digit % 4])
        case 4:
            return Fate(says="fax")
        case 5 if digit < len(_REFUSALS):
            return Fate(ring_seconds=0, refusal=_REFUSALS[digit])
        case 6:
            return Fate(ring_seconds=None)
        case 7:
            return Fate(talks=True)
        case _:
            return Fate()


def by_table(table: Mapping[str, Fate], otherwise: FateOf = by_digits) -> FateOf:
    return lambda number: table.get(number) or otherwise(number)


class Drawn:
    """The world of the forecast: the n-th call's fate by the seed, whatever number it goes to.

    The same calls as in the simulator, so a campaign can be compared with its forecast.
    `ring_timeout`: how long the campaign lets it ring, in seconds. A person stays for the world's talk.
    """

    def __init__(self, world: World, seed: int, ring_timeout: float) -> None:
        self._world = world
        self._fates = Fates(world, seed, ring_timeout)
        self._count = 0

    def __call__(self, number: str) -> Fate:
        drawn, world = self._fates[self._count], self._world
        self._count += 1
        if drawn.answering < world.answer.at(0.0):
            return Fate(drawn.setup, drawn.ring, talks=True, stays_seconds=drawn.talk)
        if drawn.other < world.failed_share:
            return Fate(drawn.failing, 0.0, refusal=BUSY)
        if drawn.other < world.failed_share + world.voicemail_share:
            says = _VOICEMAILS[self._count % len(_VOICEMAILS)]
            return Fate(drawn.setup, drawn.pickup, says=says, stays_seconds=60.0)
        return Fate(drawn.setup, None)
