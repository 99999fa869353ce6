"""`infolinia config`: what the hotline runs with."""

from __future__ import annotations

import json

import typer

from infolinia.commands.terminal import ConfigOption
from infolinia.configuration import as_table, load_configuration
from infolinia.flows.files import flow_folder, served_flows


def show_config(config: ConfigOption = None) -> None:
    """Check the configuration and its flows, and print the settings in force, without passwords."""
    configuration = load_configuration(config)
    typer.echo(json.dumps(as_table(configuration), indent=2, ensure_ascii=False))
    if flow_folder(configuration).is_dir():  # else there is nothing yet to which a number could lead
        served_flows(configuration)
