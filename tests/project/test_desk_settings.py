"""`agents:`, `queues:` and `desk:` of the configuration: each mistake is one sentence with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from acd.agents import Agent, MissedRule
from acd.queues import Overflow, Queue, RelaxStep, Strategy
from acd.work import WorkKind
from engine.placing.own_calls import OwnCallRules
from engine.queues import AgentLine
from infolinia.assembly.desk import desk_settings
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.sections.queues import staff_of

PASSWORD = "a password of hers"
WORDS = {"en": "Lunch"}


def configured(folder: Path, text: str) -> Configuration:
    file = folder / "infolinia.yaml"
    file.write_text(text)
    return load_configuration(file)


def queue(**settings: Any) -> dict[str, Any]:
    return {"queues": {"orders": settings, "second": {}}}


def step(**settings: Any) -> dict[str, Any]:
    return queue(relax=[{"after": "30s", "by": 1}, settings])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (queue(hours="office"), "queues.orders.hours: there are no hours 'office'; add them to `hours`."),
        (queue(overflow={"to": "secnd", "full": True}), "no queue 'secnd' (did you mean 'second'?)."),
        (queue(overflow={"to": "second"}), "say when: `after: 2m`, `full: true`, or both"),
        (queue(overflow={"to": "orders", "after": "1m"}), "round in circles (orders to orders)"),
        (
            step(after="30s", drop="pl"),
            "queues.orders.relax[1].after: a step comes later than the one before",
        ),
        (step(after="40s"), "`drop`: write one of them"),
        (step(after="40s", by=1, drop="pl"), "`drop`: write one of them"),
        (
            queue(relax=[{"after": "1s", "drop": "pl"}, {"after": "2s", "drop": "pl"}]),
            "queues.orders.relax[1].drop: 'pl' was given up by an earlier step",
        ),
        (queue(skills={"pl": 6}), "'pl': at most 5 is wanted here"),
        (queue(strategy="random"), "'longest_idle', 'least_occupied', 'fewest_calls' or 'round_robin'"),
        (
            queue(dispositions=["sal"]),
            "queues.orders.dispositions[0]: there is no disposition 'sal' (did you",
        ),
        (queue(templates=["open"]), "no template 'open'; add it to `desk.templates`."),
        (queue(script="orders"), "no script 'orders'; add it to `desk.scripts`."),
        (queue(record="sometimes"), "'always', 'consent' or 'never'"),
        (queue(agents=["Anna Nowa"]), "a name begins with a small letter"),
        ({"agents": {"anna": {}}}, "by the browser of a person: give one of the three"),
        ({"agents": {"anna": {"sip": {"password": PASSWORD}, "number": "+48220000021"}}}, "one of the two"),
        (
            {"agents": {"anna": {"person": "Anna"}, "ola": {"person": "ANNA"}}},
            "agents.ola.person: 'ANNA' is 'anna' already",
        ),
        ({"agents": {"anna": {"person": "Anna", "capacity": {"calls": 1}}}}, "'call', 'chat' or 'task'"),
        ({"desk": {"breaks": {"lunch": {"minutes": 30}}}}, "'words' is missing"),
        ({"desk": {"breaks": {"lunch": {"words": {}}}}}, "words are wanted here by language"),
        ({"desk": {"breaks": {"lunch": {"words": {"en": " "}}}}}, "words are wanted here by language"),
        ({"desk": {"breaks": {"Lunch": {"words": WORDS}}}}, "small letters"),
        (
            {"desk": {"dispositions": {"moved": {"label": WORDS, "retry_after": "1h"}}}},
            "desk.dispositions.moved.retry_after: a final disposition is not tried again",
        ),
        ({"desk": {"scripts": {"orders": []}}}, "orders"),
        ({"desk": {"transfer_numbers": {"Warehouse": "twelve"}}}, "'twelve' is not a number"),
        ({"desk": {"missed": "later"}}, "'status' or 'pause'"),
        ({"desk": {"lost_calls": "orders"}}, "desk.lost_calls: there is no queue 'orders'; add it to `queue"),
        (
            queue(disposition_required=True, wrap_up="10m"),
            "queues.orders.wrap_up_limit: it is shorter than queues.orders.wrap_up",
        ),
        ({"agents": {"anna": {"person": "Anna", "alone": ["calls"]}}}, "'call', 'chat' or 'task'"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationRejected) as refused:
        configured(tmp_path, "name: a\n" + yaml.safe_dump(settings))
    (told,) = str(refused.value).splitlines()
    assert said in told
    file, line, *_ = told.split(":")
    assert file.endswith("infolinia.yaml")
    assert int(line) > 1, "the line of the setting"


def test_a_longer_circle_is_told_of_each_of_its_queues(tmp_path: Path) -> None:
    to = {"a": "b", "b": "c", "c": "b"}
    queues = {name: {"overflow": {"to": other, "full": True}} for name, other in to.items()}
    with pytest.raises(ConfigurationRejected) as refused:
        configured(tmp_path, yaml.safe_dump({"queues": queues}))
    told = str(refused.value).splitlines()
    assert [line.partition("queues.")[2][:1] for line in told] == ["b", "c"]
    assert "(b to c to b)" in told[0]


def test_settings_become_queues_and_agents(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        """
hours: {office: {mon-fri: "8:00-16:00"}}
agents:
  anna: {person: Anna Nowa, skills: {pl: 5}, capacity: {chat: 2}, alone: [call, task]}
  jan: {number: "+48220000021"}
  ola: {sip: {password: a password of hers}}
queues:
  orders:
    agents: [anna, jan]
    hours: office
    capacity: 20
    ring: 10s
    wrap_up: 30s
    strategy: round_robin
    priority: 5
    skills: {pl: 4}
    relax: [{after: 30s, by: 2}, {after: 1m, drop: pl}]
    overflow: {to: second, after: 2m, full: true}
    max_wait: 10m
    reserve: 1
    service_level: 15s
    disposition_required: true
    wrap_up_limit: 2m
  second: {}
desk: {missed: pause, lost_calls: second, manual_wrap_up: 5s}
""",
    )
    staff = staff_of(configuration.agents, configuration.queues, configuration.desk.missed)
    assert staff.queues == (
        Queue(
            "orders",
            agents=frozenset({"anna", "jan"}),
            hours="office",
            capacity=20,
            ring_seconds=10.0,
            wrap_up_seconds=30.0,
            strategy=Strategy.ROUND_ROBIN,
            priority=5,
            skills={"pl": 4},
            relax=(RelaxStep(30.0, 2), RelaxStep(60.0, 0, "pl")),
            overflow=(Overflow("second", 120.0, when_full=True),),
            max_wait_seconds=600.0,
            reserve=1,
            service_level_seconds=15.0,
            disposition_required=True,
            wrap_up_limit_seconds=120.0,
        ),
        Queue("second"),
    )
    assert staff.lines == (
        AgentLine(
            Agent("anna", {"pl": 5}, {WorkKind.CHAT: 2}, frozenset({WorkKind.CALL, WorkKind.TASK})),
            browser=True,
        ),
        AgentLine(Agent("jan"), "+48220000021"),
        AgentLine(Agent("ola")),
    )
    assert staff.missed is MissedRule.PAUSE
    assert desk_settings(configuration).own_calls == OwnCallRules(5.0, "second")
    assert [phone.name for phone in configuration.asterisk_settings().phones] == ["ola"]


def test_without_settings_the_trade_s_own_are_there(tmp_path: Path) -> None:
    desk = configured(
        tmp_path, "desk: {dispositions: {sale: {label: {en: Won}}, moved: {label: {en: Moved}}}}"
    ).desk
    assert [one.name for one in desk.break_choices()] == ["break", "lunch"]
    every = desk.all_dispositions()
    assert every["sale"].label == {"en": "Won"}
    assert {"moved", "promise_to_pay", "wrong_number"} < every.keys()
    assert staff_of({}, {}, desk.missed).missed is MissedRule.STATUS
