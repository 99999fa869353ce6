"""The configuration read anew: what changes at once, what waits, and that a wrong one changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.clock import SystemClock
from engine.flows import FlowShelf
from infolinia.assembly.campaign_rules import campaign_rules, names_anew
from infolinia.assembly.company import OfficeHours
from infolinia.assembly.speech import make_voices
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.files import load_flows
from infolinia.flows.reload import FlowReloader
from infolinia.reloading import ConfigurationReloader, FilesRead, TelephonesFailed
from infolinia.setup.inventory import find_parts
from speech.vosk_recognizer import VoskRecognizer
from tests.store.campaign_samples import campaign

FLOW = """\
flow: {name}
languages: [en]
always: {{agent: a, trouble: a}}
start: a
steps:
  a: {{hangup: normal}}
"""
SETTINGS = """\
flows: flows
numbers: {"100": front}
unknown_number: unknown
hours: {office: {mon-fri: "8:00-16:00"}}
agents: {jan: {number: "+48220000021"}}
queues: {orders: {}}
"""


class Office:
    """A configuration and its flows in files, and what is told of changes."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "infolinia.yaml"
        self.flows = folder / "flows"
        self.flows.mkdir()
        for name in ("front", "unknown"):
            self.flow(name)
        self.write(SETTINGS)
        self.applied: list[Configuration] = []

    def write(self, settings: str) -> None:
        self.file.write_text(settings)

    def flow(self, name: str, text: str = FLOW) -> None:
        (self.flows / f"{name}.yaml").write_text(text.format(name=name))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
async def reloader(office: Office) -> AsyncIterator[tuple[ConfigurationReloader, FlowShelf]]:
    configuration = load_configuration(office.file)
    shelf = load_flows(configuration)
    voices = make_voices(configuration, find_parts())
    flows = FlowReloader(configuration, shelf, voices, VoskRecognizer({}), lambda: None)
    made = ConfigurationReloader(configuration, flows)
    made.appliers.append(office.applied.append)
    yield made, shelf
    await voices.close()


Made = tuple[ConfigurationReloader, FlowShelf]


async def judged(configuration: Configuration) -> list[str]:
    return [f"{configuration.web.port} is doubtful."]


async def test_what_can_change_changes_and_the_rest_is_named(office: Office, reloader: Made) -> None:
    made, shelf = reloader
    made.judges.append(judged)
    done = await made.reload()
    assert (done.changed, done.waiting, office.applied) == ((), (), [])
    assert done.flows.warnings == ("8080 is doubtful.",)
    office.flow("second")
    office.write(
        SETTINGS.replace('"100": front', '"100": front, "101": second').replace("8:00", "9:00")
        + """\
desk: {breaks: {lunch: {words: {en: Lunch}}}}
web: {port: 8090}
sip: {port: 5061}
"""
    )
    done = await made.reload()
    assert done.changed == ("desk.breaks.lunch", "hours.office.mon-fri", "numbers.101")
    assert done.waiting == ("sip.port", "web.port")
    assert done.waiting_told == "Only a restart of the hotline takes over: sip.port, web.port."
    (applied,) = office.applied
    assert applied is made.configuration
    assert (applied.web.port, applied.sip.port) == (8080, 5060), "as they are in force"
    assert "lunch" in applied.desk.breaks
    front = shelf.for_number("101")
    assert front is not None
    assert front.name == "second"
    assert (await made.reload()).waiting == ("sip.port", "web.port"), "until the start"
    assert len(office.applied) == 1


async def test_agents_queues_and_telephones_change(office: Office, reloader: Made) -> None:
    made, _ = reloader
    office.write(
        SETTINGS.replace("orders: {}", "orders: {capacity: 5}, second: {}").replace(
            "agents: {jan:", "agents: {ola: {sip: {password: a password of hers}}, anna: {person: Anna}, jan:"
        )
    )
    done = await made.reload()
    assert done.changed == (
        "agents.anna",
        "agents.ola",
        "queues.orders.capacity",
        "queues.second",
    )
    assert done.waiting == ()
    assert made.configuration.queues["orders"].capacity == 5


async def test_telephones_that_could_not_be_changed_are_told_and_tried_anew(
    office: Office, reloader: Made
) -> None:
    made, _ = reloader
    failing = [TelephonesFailed("Asterisk's console did not answer.")]
    seen: list[list[str]] = []

    async def telephones(new: Configuration) -> None:
        seen.append(sorted(new.agents))
        if failing:
            raise failing.pop()

    made.telephones = telephones
    office.write(
        SETTINGS.replace("agents: {jan:", "agents: {ola: {sip: {password: a password of hers}}, jan:")
    )
    done = await made.reload()
    assert done.changed == ("agents.ola",)
    assert done.waiting_told == (
        "SIP telephones are not all as configured: Asterisk's console did not answer. Reload again."
    )
    done = await made.reload()
    assert (done.changed, done.waiting_told) == ((), "")
    assert seen == 2 * [["jan", "ola"]]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("queues: {orders: {hours: offic}}\n", "infolinia.yaml:1:26: queues.orders.hours"),
        (SETTINGS + "nonsense: 1\n", "infolinia.yaml:7:1"),
        (SETTINGS.replace("unknown_number: unknown", "unknown_number: nobody"), "nobody.yaml"),
    ],
)
async def test_a_wrong_file_changes_nothing(office: Office, reloader: Made, settings: str, said: str) -> None:
    made, shelf = reloader
    before, flows = made.configuration, shelf.all()
    office.write(settings)
    with pytest.raises(ConfigurationRejected) as refused:
        await made.reload()
    assert said in str(refused.value)
    assert made.configuration is before
    assert shelf.all() == flows
    assert not office.applied


async def test_files_are_read_with_the_rest_or_nothing_changes(office: Office, reloader: Made) -> None:
    made, _ = reloader
    put: list[str] = []
    problems = ["messages/a.yaml:1: text is missing", "messages/b.yaml:1: text is missing"]

    def read(configuration: Configuration) -> FilesRead:
        if problems:
            raise ConfigurationRejected("\n".join(problems))
        return FilesRead(lambda: put.append(",".join(configuration.queues)), ("templates a",))

    made.readers += [read, read]
    office.write(SETTINGS.replace("orders: {}", "orders: {}, sales: {}"))
    with pytest.raises(ConfigurationRejected) as rejected:
        await made.reload()
    assert str(rejected.value).split("\n") == problems
    assert (put, office.applied) == ([], [])
    problems.clear()
    assert (await made.reload()).changed == ("queues.sales",)
    assert put == ["orders,sales"] * 2
    done = await made.reload()  # files may have changed though the configuration has not
    assert (done.changed, done.files) == ((), ("templates a",) * 2)
    assert len(put) == 4


async def test_a_flow_that_needs_what_waits_is_told_so(office: Office, reloader: Made) -> None:
    made, _ = reloader
    office.flow("front", FLOW.replace("start: a", "start: a\nuse: {{campaigns: [spring]}}"))
    office.write(SETTINGS + "campaigns: [spring]\n")
    with pytest.raises(ConfigurationRejected, match="spring") as refused:
        await made.reload()
    assert str(refused.value).endswith("Only a restart of the hotline takes over: campaigns.")


async def test_a_signal_tells_the_log_and_never_fails(
    office: Office,
    reloader: Made,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    made, _ = reloader
    office.write("nonsense: 1\n")
    await made.reload_told()
    office.write(SETTINGS + "web: {port: 8090}\n")
    await made.reload_told()
    told = capsys.readouterr().out + caplog.text  # wherever log lines go in this process
    assert "Nothing was changed" in told
    assert "takes over: web.port" in told


def test_hours_that_are_taken_away_stay_for_calls_that_ask(office: Office) -> None:
    configuration = load_configuration(office.file)
    hours = OfficeHours(configuration.hours, ZoneInfo("Europe/Warsaw"))
    hours.put({})
    assert hours.at("office", datetime(2026, 11, 23, 10, tzinfo=UTC)) == "open"


async def test_campaigns_follow_a_reload(office: Office, reloader: Made) -> None:
    made, shelf = reloader
    nobody_asks: Any = None  # for the database
    rules = campaign_rules(made.configuration, nobody_asks, shelf, SystemClock())
    made.appliers.append(lambda new: names_anew(new, rules, shelf))
    calls = campaign(queue="orders", hours="office", flow="second")
    assert rules.gone(calls).startswith("There is no flow 'second'")
    office.flow("second")
    office.write(SETTINGS.replace('"100": front', '"100": front, "101": second'))
    await made.reload()
    assert rules.gone(calls) == ""
    office.write(
        SETTINGS.replace('"100": front', '"100": front, "101": second').replace("orders", "sales")
        + "desk: {dispositions: {thrilled: {label: {en: Thrilled}}}}\n"
    )
    await made.reload()
    assert rules.gone(calls) == "There is no queue 'orders'; known are: sales."
    assert "thrilled" in rules.known().dispositions
    office.write(SETTINGS.replace("8:00", "9:00"))
    await made.reload()
    assert rules.gone(calls).startswith("There is no flow 'second'")  # no number leads to it any more
    at_half_past = datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo(made.configuration.time_zone))
    assert not rules.dialling(calls, at_half_past).open
