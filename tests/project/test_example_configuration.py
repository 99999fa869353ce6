"""The example configuration: what must be changed in it, and that the shipped flows find all they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.files import known_names, load_flows, read_flow

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "infolinia.example.yaml"
FLOWS = sorted((ROOT / "callflows").glob("*.yaml"))
# Led through those whom a campaign has reached and no agent is free for: a campaign names it.
FOR_CAMPAIGNS = "nobody-free"


@pytest.fixture
def example(tmp_path: Path) -> Configuration:
    """As somebody has changed it: with passwords of their own."""
    file = tmp_path / "infolinia.yaml"
    file.write_text(EXAMPLE.read_text().replace("password: change", "password: one of our own"))
    loaded = load_configuration(file)
    return loaded.model_copy(update={"flows": ROOT / "callflows"})


def test_its_passwords_are_refused_and_nothing_else() -> None:
    with pytest.raises(ConfigurationRejected) as refused:
        load_configuration(EXAMPLE)
    lines = EXAMPLE.read_text().splitlines()
    wanted = [number for number, line in enumerate(lines, 1) if "password: change" in line]
    told = str(refused.value).splitlines()
    assert [int(line.split(":")[1]) for line in told] == wanted
    assert all("at least 8 characters" in line for line in told)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_every_flow_finds_its_hours_queues_services_and_campaigns(example: Configuration, path: Path) -> None:
    flow = read_flow(path, known_names(example))
    assert not flow.warnings


def test_every_flow_that_is_no_part_of_another_has_a_number(example: Configuration) -> None:
    load_flows(example)
    served = {*example.numbers.values(), example.unknown_number, FOR_CAMPAIGNS, *example.outbound.flows}
    parts = {path.stem for path in FLOWS if read_flow(path).returns}
    assert served | parts == {path.stem for path in FLOWS}
    assert not served & parts


def test_it_names_nothing_that_no_flow_uses(example: Configuration) -> None:
    used: dict[str, set[str]] = {}
    for path in FLOWS:
        for kind, names in read_flow(path).uses.items():
            used.setdefault(kind, set()).update(names)
    assert used == {
        "hours": set(example.hours),
        "queues": set(example.queues),
        "services": set(example.services),
        "campaigns": set(example.campaigns),
    }
    served = {agent for queue in example.queues.values() for agent in queue.agents}
    assert served <= set(example.agents)
