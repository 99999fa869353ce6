"""TalkControl on a real Asterisk: its callers, by its own trunk, are a caller, an agent and a supervisor."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calls.control import ChannelEnded, ChannelGone, RequestRefused
from tests.asterisk.network import until
from tests.asterisk.talkers import (
    AGENT_HERTZ,
    CALLER_HERTZ,
    RATE,
    SUPERVISOR_HERTZ,
    Person,
    last_of,
    line_of,
    recorded_bytes,
    share,
)
from tests.house import Ports

pytestmark = pytest.mark.live


async def test_a_talk_is_held_muted_listened_to_and_recorded(tmp_path: Path, ports: Ports) -> None:
    async with line_of(tmp_path, ports) as line:
        control = line.engine
        caller, agent = await line.person(CALLER_HERTZ), await line.person(AGENT_HERTZ)
        await control.bridge("talk-1", (caller.channel_id, agent.channel_id))
        files = await control.record_talk(caller.channel_id, "rec-1")

        def recorded_seconds() -> float:
            file = Path(files.said)
            return file.stat().st_size / 2 / 8000 if file.exists() else 0.0

        await caller.until_heard(AGENT_HERTZ)
        await agent.until_heard(CALLER_HERTZ)
        await until(lambda: recorded_seconds() > 0.8)
        said, heard = last_of(files)
        assert share(said, 8000, CALLER_HERTZ) > 0.8
        assert share(heard, 8000, AGENT_HERTZ) > 0.8

        # Paused: silence, and time goes on.
        await control.pause_recording(caller.channel_id, on=True)
        paused_at = recorded_seconds()
        await until(lambda: recorded_seconds() > paused_at + 0.8)
        said, heard = last_of(files)
        assert not said[-1600:].any()
        assert not heard[-1600:].any()
        await control.pause_recording(caller.channel_id, on=False)

        await control.mute(agent.channel_id, on=True)
        await caller.until_silent()
        await agent.until_heard(CALLER_HERTZ)
        await control.mute(agent.channel_id, on=False)

        # A supervisor listens, then whispers: the agent alone hears it.
        supervisor = await line.person(SUPERVISOR_HERTZ)
        await control.snoop(agent.channel_id, "c.snoop.1", whisper=False)
        await control.bridge("listen-1", ("c.snoop.1", supervisor.channel_id))
        await supervisor.until_heard(CALLER_HERTZ, AGENT_HERTZ)
        await agent.until_heard(CALLER_HERTZ)
        await control.snoop(agent.channel_id, "c.snoop.2", whisper=True)
        await control.move(supervisor.channel_id, "listen-1")  # where it is: no harm
        await control.bridge("listen-2", ("c.snoop.2", supervisor.channel_id))
        await agent.until_heard(CALLER_HERTZ, SUPERVISOR_HERTZ)
        await caller.until_heard(AGENT_HERTZ)
        with pytest.raises(RequestRefused):
            await control.snoop(agent.channel_id, "c.snoop.2", whisper=True)
        await control.hang_up("c.snoop.1")
        assert (await line.ears.hear(ChannelEnded)).channel_id == "c.snoop.1"

        # Barge: moved into the talk. Then hold: out of it, and back.
        await control.move(supervisor.channel_id, "talk-1")
        await caller.until_heard(AGENT_HERTZ, SUPERVISOR_HERTZ)
        await control.take_out(supervisor.channel_id, "talk-1")
        await control.take_out(agent.channel_id, "talk-1")
        await agent.until_silent()
        with pytest.raises(ChannelGone):
            await control.take_out(agent.channel_id, "talk-1")
        with pytest.raises(ChannelGone):
            await control.move(agent.channel_id, "no-such-bridge")
        await control.bridge("talk-2", (caller.channel_id,))
        await control.bridge("talk-2", (caller.channel_id, agent.channel_id))  # it is there, and he is in it
        await control.destroy_bridge("talk-1")
        await caller.until_heard(AGENT_HERTZ)
        # Asterisk writes a recording in pieces, a little behind.
        await until(lambda: share(last_of(files)[1], 8000, AGENT_HERTZ) > 0.8)

        # The recording went on through all of it; it ends when told, and again without harm.
        await control.end_recording(caller.channel_id)
        await control.end_recording(caller.channel_id)
        assert recorded_seconds() > 3
        said, heard = last_of(files)
        assert share(heard, 8000, AGENT_HERTZ) > 0.8
        with pytest.raises(RequestRefused, match="no name of a recording"):
            await control.record_talk(caller.channel_id, "../evil")
        await control.hang_up(agent.channel_id)
        ended = {(await line.ears.hear(ChannelEnded)).channel_id for _ in "12"}
        assert ended == {agent.channel_id, "c.snoop.2"}
        with pytest.raises(ChannelGone):
            await control.record_talk(agent.channel_id, "rec-2")
        with pytest.raises(ChannelGone):
            await control.snoop(agent.channel_id, "c.snoop.3", whisper=False)
        await asyncio.gather(control.hang_up(caller.channel_id), control.hang_up(supervisor.channel_id))


async def test_nobody_and_no_recording_goes_deaf_as_people_come_and_go(tmp_path: Path, ports: Ports) -> None:
    """A caller by G.711 and two agents by G.722: everyone's sound is translated, both ways."""
    async with line_of(tmp_path, ports) as line:
        control = line.engine
        caller = await line.person(CALLER_HERTZ, "loopback-g711")
        agent, second = await line.person(AGENT_HERTZ), await line.person(SUPERVISOR_HERTZ)
        await control.bridge("talk-1", (caller.channel_id, agent.channel_id))
        files = await control.record_talk(caller.channel_id, "rec-1")
        await control.snoop(agent.channel_id, "c.snoop.1", whisper=False)
        listening = Person("c.snoop.1", 0.0)
        (await control.open_voice("c.snoop.1", wideband=True)).attach(listening.listen)

        async def they_talk(one: Person) -> None:
            await caller.until_heard(one.hertz)
            await one.until_heard(CALLER_HERTZ)

        async def it_is_recorded(hertz: float) -> None:
            """To the end of what is written from now on."""
            begun = min(recorded_bytes(files))
            await until(lambda: min(recorded_bytes(files)) > begun + 16000)
            await until(lambda: both_are_in(hertz))

        def both_are_in(hertz: float) -> bool:
            said, heard = last_of(files)
            return share(said, 8000, CALLER_HERTZ) > 0.8 and share(heard, 8000, hertz) > 0.8

        await they_talk(agent)
        for paused in (True, False):  # a conference comes and goes
            await control.move(second.channel_id, "talk-1")
            await caller.until_heard(AGENT_HERTZ, SUPERVISOR_HERTZ)
            await control.take_out(second.channel_id, "talk-1")
            await they_talk(agent)
            await listening.until_heard(CALLER_HERTZ, AGENT_HERTZ)
            await control.pause_recording(caller.channel_id, on=paused)
        await it_is_recorded(AGENT_HERTZ)

        # Music while the agent is away.
        await control.take_out(agent.channel_id, "talk-1")
        await control.music(caller.channel_id, on=True)
        caller.heard.clear()
        await until(lambda: len(caller.heard) > RATE)
        await control.music(caller.channel_id, on=False)
        await control.move(agent.channel_id, "talk-1")
        await they_talk(agent)

        # Each follows the other at once. Of there and back, one would go wrong straight through.
        for before, after in ((agent, second), (second, agent)):
            await control.take_out(before.channel_id, "talk-1")
            await control.move(after.channel_id, "talk-1")
            await they_talk(after)
            await it_is_recorded(after.hertz)
        await control.end_recording(caller.channel_id)
        said, heard = recorded_bytes(files)
        assert abs(said - heard) <= 4096
