"""A talk on a hotline of fakes: who is in which room, and somebody who is asked for advice."""

from __future__ import annotations

from acd.talks import talk as asks
from acd.talks.talk import Target, TargetKind
from calls.control import LegAnswered, LegRinging
from tests.engine.queue_stage import log_in, talks
from tests.engine.stage import Stage

JAN = Target(TargetKind.AGENT, "jan")
NUMBER = Target(TargetKind.NUMBER, "+48220000020")


def layout(stage: Stage) -> tuple[dict[str, set[str]], bool]:
    """Who is in which bridge, and whether the caller hears music, as Asterisk was asked."""
    rooms: dict[str, set[str]] = {}
    music = False
    for name, *arguments in stage.control.requests:
        match name, arguments:
            case "bridge", [room, members]:
                assert isinstance(members, tuple)
                for others in rooms.values():
                    others -= set(members)
                rooms[str(room)] = set(members)
            case "move", [leg, room]:
                for others in rooms.values():
                    others.discard(str(leg))
                rooms[str(room)].add(str(leg))
            case "take_out", [leg, room]:
                rooms[str(room)].discard(str(leg))
            case "destroy_bridge", [room]:
                rooms.pop(str(room), None)
            case "music", ["caller", on]:
                music = bool(on)
            case _:
                pass
    for members in rooms.values():
        members -= stage.control.gone
    return {room: members for room, members in rooms.items() if members}, music


def together(stage: Stage) -> list[set[str]]:
    return sorted(layout(stage)[0].values(), key=sorted)


async def consults(stage: Stage, target: Target = JAN) -> tuple[str, str, str]:
    """A caller who hears music while Anna talks with another: (call, Anna's leg, the other's leg)."""
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    await stage.switchboard.act(call_id, "anna", asks.Consult(target))
    leg = other_leg(stage)
    stage.control.tell(LegRinging(leg), LegAnswered(leg))
    await stage.until(lambda: {anna, leg} in together(stage))
    return call_id, anna, leg


def other_leg(stage: Stage) -> str:
    """Of the telephone that was rung last."""
    asked = [r for r in stage.control.requests if r[0] in ("ring", "originate")]
    return str(asked[-1][1])
