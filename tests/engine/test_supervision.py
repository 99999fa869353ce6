"""A supervisor on a talk's line: three ways of being on it, every refusal, and no channel left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from acd.talks.talk import (
    Action,
    ActionRefused,
    Join,
    Leave,
    PartyRole,
    PartyState,
    PartyView,
    TalkPhase,
    TalkView,
)
from calls.control import (
    ChannelEnded,
    ChannelGone,
    ControlRestored,
    LegAnswered,
    PhoneChanged,
    RequestRefused,
)
from calls.events import CallEventKind
from engine.floor.supervision import Supervision, SupervisionMode, SupervisionRefused
from engine.live import LiveCalls
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditNote
from engine.transfer import call_of_leg
from tests.engine.fake_network import FakeControl

AT = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)
OLGA = Actor(ActorKind.PERSON, "p-olga", "127.0.0.1")
LISTEN, WHISPER, BARGE = SupervisionMode
AGENT_LEG = "c1.leg.7"


class Line(FakeControl):
    """The page's telephone answers as soon as it rings, unless told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = True

    async def admit_phone(self, phone: str, password: str) -> None:
        await self.ask("admit_phone", phone, password)

    async def dismiss_phone(self, phone: str) -> None:
        await self.ask("dismiss_phone", phone)

    async def ring_phone(
        self,
        channel_id: str,
        phone: str,
        *,
        caller_id: str,
        ring_seconds: int,
        call_id: str,
        headers: Mapping[str, str],
    ) -> None:
        await self.ask("ring_phone", channel_id, phone, dict(headers))
        self.tell(LegAnswered(channel_id) if self.answers else ChannelEnded(channel_id, 21))

    async def move(self, channel_id: str, bridge_id: str) -> None:
        await self.ask("move", channel_id, bridge_id)

    async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None:
        await self.ask("snoop", channel_id, snoop_id, whisper)


class Log:
    last_seq = 12

    def __init__(self) -> None:
        self.events: list[tuple[CallEventKind, Mapping[str, object]]] = []

    async def write(self, kind: CallEventKind, data: Mapping[str, object]) -> None:
        self.events.append((kind, data))


class Board:
    """Stands where the switchboard does."""

    def __init__(self) -> None:
        self.log = Log()
        self.talk: TalkView | None = TalkView(
            "c1",
            "anna",
            "orders",
            TalkPhase.TALKING,
            (
                PartyView("caller", PartyRole.CUSTOMER, "+48220000011", PartyState.TALKING, AT),
                PartyView(AGENT_LEG, PartyRole.AGENT, "anna", PartyState.TALKING, AT),
                PartyView("c1.leg.9", PartyRole.CONSULTED, "jan", PartyState.RINGING, AT),
            ),
            False,
            "off",
            AT,
            0.0,
        )
        self.acts: list[Action] = []
        self.refusal: str | None = None

    def talk_of(self, call_id: str) -> TalkView | None:
        return self.talk if call_id == "c1" else None

    def log_of(self, call_id: str) -> Log | None:
        return self.log if self.talk_of(call_id) else None

    async def act(self, call_id: str, agent: str, action: Action) -> None:
        assert (call_id, agent) == ("c1", "anna")
        if self.refusal:
            raise ActionRefused("phase", self.refusal)
        self.acts.append(action)


class Audit:
    def __init__(self) -> None:
        self.notes: list[AuditNote] = []

    async def add(self, notes: tuple[AuditNote, ...]) -> None:
        await asyncio.sleep(0)  # a database takes its time
        self.notes += notes


class Clock:
    def now(self) -> datetime:
        return AT

    def monotonic(self) -> float:
        return 0.0


class Scene:
    def __init__(self) -> None:
        self.control, self.board, self.audit = Line(), Board(), Audit()
        self.supervision = Supervision(
            self.control,  # type: ignore[arg-type]
            self.board,  # type: ignore[arg-type]
            self.audit,  # type: ignore[arg-type]
            LiveCalls(),
            Clock(),
        )
        self.control.listener = self.supervision.on_network_event
        self.control.tell(PhoneChanged("sup-olga", True))

    async def supervise(self, mode: SupervisionMode, agent: str = "anna", call: str = "c1") -> None:
        await self.supervision.supervise(OLGA, "olga", call, agent, mode)

    def events(self) -> list[tuple[str, object]]:
        return [(kind.value, data.get("mode")) for kind, data in self.board.log.events]

    @property
    def sup(self) -> str:
        return str(self.control.asked("ring_phone")[0][0])

    async def settled(self) -> None:
        async with asyncio.timeout(2):
            while self.supervision.views():  # noqa: ASYNC110 - the end is told to nobody
                await asyncio.sleep(0.001)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_listener_is_in_a_bridge_with_an_ear_and_both_belong_to_the_call(scene: Scene) -> None:
    await scene.supervise(LISTEN)
    ((leg, phone, headers),) = scene.control.asked("ring_phone")
    assert (phone, headers) == ("sup-olga", {"X-Infolinia-Answer": "auto"})
    ((spied, snoop, whisper),) = scene.control.asked("snoop")
    assert (spied, whisper) == (AGENT_LEG, False)
    ((bridge, members),) = scene.control.asked("bridge")
    assert members == (leg, snoop)
    assert call_of_leg(str(leg)) == call_of_leg(str(snoop)) == "c1"
    assert str(bridge).startswith("c1.")
    assert scene.events() == [("supervised", "listen")]
    (note,) = scene.audit.notes
    assert (note.actor, note.action, note.subject) == (OLGA, "call.supervised", "call:c1")
    view = scene.supervision.of("olga")
    assert view is not None
    assert (view.agent, view.mode) == ("anna", LISTEN)


async def test_from_one_way_to_another_the_line_stays(scene: Scene) -> None:
    for mode in (LISTEN, WHISPER, BARGE, WHISPER, LISTEN, BARGE):
        await scene.supervise(mode)
        assert scene.supervision.views()[0].mode is mode
    assert len(scene.control.asked("ring_phone")) == 1
    assert scene.sup not in [gone for (gone, *_) in scene.control.asked("hang_up")]
    assert scene.board.acts == [Join(scene.sup, "olga"), Leave(scene.sup), Join(scene.sup, "olga")]
    snoops = [name for _, name, _ in scene.control.asked("snoop")]
    assert len(set(snoops)) == 4
    assert [whisper for *_, whisper in scene.control.asked("snoop")] == [False, True, True, False]
    assert snoops == [gone for (gone, *_) in scene.control.asked("hang_up")], "no ear is left behind"
    assert [mode for _, mode in scene.events()] == [
        "listen",
        "whisper",
        "barge",
        "whisper",
        "listen",
        "barge",
    ]
    made = {bridge for bridge, _ in scene.control.asked("bridge")}
    assert made == {bridge for (bridge,) in scene.control.asked("destroy_bridge")}


async def test_twice_the_same_is_once(scene: Scene) -> None:
    await scene.supervise(WHISPER)
    await scene.supervise(WHISPER)
    assert len(scene.control.asked("snoop")) == 1
    assert scene.events() == [("supervised", "whisper")]


async def test_asked_twice_at_once_one_line_is_rung(scene: Scene) -> None:
    await asyncio.gather(scene.supervise(LISTEN), scene.supervise(LISTEN))
    ((leg, *_),) = scene.control.asked("ring_phone")
    await scene.supervision.end("olga")
    assert leg in [gone for (gone, *_) in scene.control.asked("hang_up")]


@pytest.mark.parametrize(
    ("spoil", "agent", "call", "why"),
    [
        (lambda scene: None, "anna", "c2", "no_talk"),
        (lambda scene: setattr(scene.board, "talk", None), "anna", "c1", "no_talk"),
        (lambda scene: None, "jan", "c1", "no_agent"),  # who only rings
        (lambda scene: None, "piotr", "c1", "no_agent"),
        (lambda scene: scene.control.tell(PhoneChanged("sup-olga", False)), "anna", "c1", "no_phone"),
        (lambda scene: scene.control.gone.add(AGENT_LEG), "anna", "c1", "over"),
        (lambda scene: scene.control.faults.update(snoop=RequestRefused("no")), "anna", "c1", "asterisk"),
        (
            lambda scene: scene.control.faults.update(ring_phone=RequestRefused("no")),
            "anna",
            "c1",
            "asterisk",
        ),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    scene: Scene, spoil: Callable[[Scene], None], agent: str, call: str, why: str
) -> None:
    spoil(scene)
    with pytest.raises(SupervisionRefused) as refused:
        await scene.supervise(LISTEN, agent, call)
    assert refused.value.why == why
    assert str(refused.value).endswith(".")
    assert scene.supervision.views() == ()
    assert scene.events() == []
    rung = [leg for leg, *_ in scene.control.asked("ring_phone")]
    assert set(rung) <= {gone for (gone, *_) in scene.control.asked("hang_up")}


async def test_ones_own_call_is_refused(scene: Scene) -> None:
    with pytest.raises(SupervisionRefused, match="own call"):
        await scene.supervision.supervise(OLGA, "anna", "c1", "anna", LISTEN)


async def test_a_page_that_does_not_answer(scene: Scene) -> None:
    scene.control.answers = False
    with pytest.raises(SupervisionRefused, match="microphone"):
        await scene.supervise(LISTEN)
    assert scene.supervision.views() == ()


async def test_who_may_not_supervise_any_more_hears_nobody(scene: Scene) -> None:
    await scene.supervision.open_phone("olga", "one")
    await scene.supervise(LISTEN)
    scene.supervision.allow_only({"olga"})
    assert not scene.supervision._work
    scene.supervision.allow_only({"jan"})
    async with asyncio.timeout(2):
        while not scene.control.asked("dismiss_phone"):  # noqa: ASYNC110 - the end is told to nobody
            await asyncio.sleep(0.001)
    assert scene.supervision.views() == ()
    assert scene.sup in [gone for (gone, *_) in scene.control.asked("hang_up")]


async def test_a_refused_joining_leaves_the_listener_on_the_line(scene: Scene) -> None:
    await scene.supervise(LISTEN)
    scene.board.refusal = "The customer is on hold."
    with pytest.raises(SupervisionRefused, match="on hold"):
        await scene.supervise(BARGE)
    assert scene.supervision.views()[0].mode is LISTEN
    assert not scene.control.asked("hang_up")


@pytest.mark.parametrize("mode", list(SupervisionMode))
@pytest.mark.parametrize("who", ["agent", "supervisor", "page"])
async def test_it_ends_with_the_agent_the_supervisor_or_the_page(
    scene: Scene, mode: SupervisionMode, who: str
) -> None:
    await scene.supervise(mode)
    if who == "page":
        await scene.supervision.open_phone("olga", "one")
        await scene.supervision.open_phone("olga", "two")
        await scene.supervision.close_phone("olga", "one")  # an older page: the newer one's line stays
        assert scene.supervision.views()
        assert not scene.control.asked("dismiss_phone")
        await scene.supervision.close_phone("olga", "two")
        assert len(scene.control.asked("dismiss_phone")) == 1
    else:
        scene.control.tell(ChannelEnded(AGENT_LEG if who == "agent" else scene.sup, 16))
    await scene.settled()
    async with asyncio.timeout(2):
        while len(scene.events()) < 2:  # noqa: ASYNC110 - the end is told to nobody
            await asyncio.sleep(0.001)
    assert [kind for kind, _ in scene.events()] == ["supervised", "supervision_ended"]
    assert scene.sup in [gone for (gone, *_) in scene.control.asked("hang_up")]
    assert {bridge for bridge, _ in scene.control.asked("bridge")} == {
        bridge for (bridge,) in scene.control.asked("destroy_bridge")
    }


async def test_from_one_talk_to_another(scene: Scene) -> None:
    await scene.supervise(LISTEN)
    assert scene.board.talk is not None
    jan = PartyView("c1.leg.9", PartyRole.CONSULTED, "jan", PartyState.TALKING, AT)
    scene.board.talk = replace(scene.board.talk, parties=(*scene.board.talk.parties[:2], jan))
    await scene.supervise(LISTEN, "jan")
    (view,) = scene.supervision.views()
    assert view.agent == "jan"
    assert [kind for kind, _ in scene.events()] == ["supervised", "supervision_ended", "supervised"]


async def test_telephones_are_known_again_to_an_asterisk_that_was_restarted(scene: Scene) -> None:
    phone, password = await scene.supervision.open_phone("olga", "one")
    await scene.supervise(LISTEN)
    scene.control.tell(ControlRestored((), restarted=True))
    await scene.settled()
    async with asyncio.timeout(2):
        while len(scene.control.asked("admit_phone")) < 2:  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.001)
    assert scene.control.asked("admit_phone") == [(phone, password)] * 2
    assert len(password) >= 40
    await scene.supervision.close()


async def test_hung_up_in_the_moment_in_which_the_ear_is_made(scene: Scene) -> None:
    class Late(Line):
        async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None:
            await super().snoop(channel_id, snoop_id, whisper=whisper)
            self.tell(ChannelEnded(AGENT_LEG, 16))
            await asyncio.sleep(0.01)

    late = Late()
    late.listener = scene.supervision.on_network_event
    scene.control = late
    scene.supervision._control = late  # type: ignore[assignment]
    with pytest.raises((SupervisionRefused, ChannelGone)):
        await scene.supervise(LISTEN)
    assert scene.supervision.views() == ()
    assert {snoop for _, snoop, _ in late.asked("snoop")} <= {gone for (gone, *_) in late.asked("hang_up")}
