"""Flows changed while the hotline answers: calls in progress keep theirs, new ones get the new."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from infolinia.flows.control_socket import SOCKET
from tests.hotline.shipped_flows import calling
from tests.house import take_ports
from tests.running import RunningHotline, running, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]

FLOW = """\
flow: front
languages: [en]
always: {{agent: bye, trouble: bye}}
start: question
steps:
  question:
    menu: {{prompt: "{prompt}", choices: {{1: {{next: {way}}}}}, wait: 60s, attempts: 1}}
    otherwise: {way}
  {way}: {{menu: {{prompt: "Still there?", choices: {{1: {{next: bye}}}}, wait: 60s}}, otherwise: bye}}
  bye: {{hangup: normal}}
"""
UNKNOWN = """\
flow: unknown
languages: [en]
always: {agent: a, trouble: a}
start: a
steps:
  a: {hangup: normal}
"""


def write_flow(folder: Path, *, prompt: str = "Hello.", way: str) -> None:
    (folder / "flows" / "front.yaml").write_text(FLOW.format(prompt=prompt, way=way))


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    (folder / "flows").mkdir()
    (folder / "flows" / "unknown.yaml").write_text(UNKNOWN)
    write_flow(folder, way="old_way")
    return {"flows": "flows", "numbers": {"100": "front"}, "unknown_number": "unknown", **more}


async def page(hotline: RunningHotline) -> str:
    url = f"{hotline.web}/parts/setup"
    async with (
        aiohttp.ClientSession(headers={"Accept-Language": "en"}) as session,
        session.get(url) as answer,
    ):
        return await answer.text()


def version_of(row: dict[str, Any]) -> str:
    return next(event["data"]["version"] for event in row["events"] if event["kind"] == "flow_started")


async def test_a_call_keeps_its_version_while_new_calls_get_the_new_one(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with running(tmp_path, ports, **settings(tmp_path)) as hotline:
            async with calling(tmp_path, ports, "100", "+48220000011", hotline.log) as before:
                await before.reached("question")
                new_version = await taken_over(hotline)
                async with calling(tmp_path, ports, "100", "+48220000012", hotline.log, place=1) as after:
                    await after.reached("question")
                    await after.party.press("1")
                    await after.reached("new_way")
                    await after.party.press("1")
                await before.party.press("1")
                await before.reached("old_way")
                await before.party.press("1")
            new, old = sorted(await hotline.rows(2), key=lambda row: "old_way" in row["path"])
            _, output, _ = await hotline.run("flow", "reload")
            assert output.count("as before") == 2
    assert version_of(new) == new_version
    assert version_of(old) != new_version
    assert old["path"] == ["question", "old_way", "bye"]
    assert new["path"] == ["question", "new_way", "bye"]
    assert not (tmp_path / "v" / SOCKET).exists()


async def taken_over(hotline: RunningHotline) -> str:
    """A new version of the flow, after one that is wrong; which it is."""
    write_flow(hotline.folder, way="new_way")
    file = hotline.folder / "flows" / "front.yaml"
    file.write_text(file.read_text().replace("otherwise: new_way", "otherwise: nwe_way"))
    code, output, errors = await hotline.run("flow", "reload", ok=False)
    assert code == 2
    assert output == ""
    assert errors.strip() == (
        f"{file}:8:16: step 'question' leads to 'nwe_way', which is not a step (did you mean 'new_way'?)\n"
        "Nothing was changed."
    )

    write_flow(hotline.folder, prompt="Good morning.", way="new_way")
    _, output, _ = await hotline.run("flow", "reload")
    front = next(line for line in output.splitlines() if line.startswith("front: "))
    new_version = front.removeprefix("front: version ")
    assert "unknown: version" in output
    assert output.count("as before") == 1
    assert f"version {new_version[:8]}" in await page(hotline)
    return new_version


async def test_files_that_are_watched_are_reloaded_by_themselves(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with running(tmp_path, ports, **settings(tmp_path, flows_watch=True)) as hotline:
            assert (tmp_path / "v" / SOCKET).stat().st_mode & 0o777 == 0o600
            write_flow(tmp_path, way="another way")

            async def refused() -> bool:
                return "The flows of before stay in service" in hotline.log()

            await until(refused, "the wrong file is told in the log", 10, hotline.log)
            write_flow(tmp_path, way="new_way")

            async def in_service() -> bool:
                return "a flow is in service" in hotline.log()

            await until(in_service, "the right file is in service", 10, hotline.log)
            prompts = tmp_path / "prompts" / "en"
            prompts.mkdir(parents=True)
            (prompts / "front.question.1.wav").write_bytes(b"of a text that was changed")
            (prompts / "script.csv").write_text("name,text\nfront.question.1,Good night.\n")

            async def old_recording_told() -> bool:
                return "front.question.1.wav in en is recorded for an older text" in hotline.log()

            await until(old_recording_told, "the old recording is told", 10, hotline.log)

            hotline.changes = {**hotline.changes, "queues": {"orders": {}}, "node": "other"}
            hotline.write_config()
            assert hotline.process is not None
            hotline.process.send_signal(signal.SIGHUP)

            async def configured() -> bool:
                return "Only a restart of the hotline takes over: node." in hotline.log()

            await until(configured, "the configuration is read anew", 10, hotline.log)
            _, output, _ = await hotline.run("queues", "list")
            assert output.split(maxsplit=1)[0] == "orders"
            assert "open, 0 wait, 0 agents free" in output


async def test_without_a_hotline_reload_says_so(tmp_path: Path) -> None:
    with take_ports() as ports:
        hotline = RunningHotline(tmp_path, ports, settings(tmp_path))
        hotline.write_config()
        code, _, errors = await hotline.run("flow", "reload", ok=False)
    assert code == 2
    assert errors.strip() == (
        f"No hotline runs in {tmp_path}/v: start it with `infolinia run`, which reads the flows, "
        "or name its configuration with --config."
    )
