"""`infolinia config`: what the hotline runs with."""

from __future__ import annotations

import json

import typer

from infolinia.assembly.followups import message_problems
from infolinia.assembly.message_providers import provider_problems
from infolinia.commands.terminal import ConfigOption, fail
from infolinia.configuration import ConfigurationRejected, as_table, load_configuration
from infolinia.flows.files import flow_folder, served_flows
from infolinia.sections.chats import unkept_callbacks


def show_config(config: ConfigOption = None) -> None:
    """Check the configuration and its flows, and print the settings in force, without passwords."""
    configuration = load_configuration(config)
    typer.echo(json.dumps(as_table(configuration), indent=2, ensure_ascii=False))
    callbacks = configuration.callbacks.campaign
    for sentence in unkept_callbacks(configuration.chats, otherwise=callbacks):
        typer.echo(sentence, err=True)
    problems = [*provider_problems(configuration), *message_problems(configuration)]
    if flow_folder(configuration).is_dir():  # else there is nothing yet to which a number could lead
        try:
            served_flows(configuration)
        except ConfigurationRejected as rejected:
            problems.append(str(rejected))
    if problems:
        fail("\n".join(problems))
