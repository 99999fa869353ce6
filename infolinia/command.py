"""The command line. A command's module is loaded when it is asked for: all of them together take seconds."""

from __future__ import annotations

import gc
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from infolinia.commands.terminal import ended_by_interrupts, fail
from infolinia.setting_names import in_configuration_words

# What a person can put right: told in their own words on standard error, exit code 2.
EXPECTED = frozenset(
    {
        "asterisk.ami.AmiRefused",
        "asterisk.ari.AriRefused",
        "asterisk.folders.RuntimeFolderRefused",
        "asterisk.media.MediaPortTaken",
        "asterisk.process.AsteriskFailed",
        "calls.control.CallControlError",
        "engine.caller_script.ScriptError",
        "engine.ports.VoiceFailed",
        "engine.registers.refusals.Changed",
        "engine.registers.refusals.Missing",
        "engine.registers.refusals.Refused",
        "infolinia.assembly.preflight.StartFailed",
        "infolinia.commands.simulated_calls.CallFailed",
        "infolinia.configuration.ConfigurationRejected",
        "infolinia.setup.inventory.PartsMissing",
        "speech.recognition.RecognitionFailed",
        "store.database.StoreError",
    }
)
DATABASE_AWAY = "engine.ports.StoreUnavailable"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command or a group of them is, `module:name`, and the first line of its help."""

    where: str
    help: str
    settings: dict[str, Any] = field(default_factory=dict)


_OWN_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
COMMANDS = {
    "run": Place("serving:run", "Bring the hotline up and serve callers until Ctrl-C."),
    "call": Place(
        "simulated_calls:call",
        "Call the running hotline with a simulated caller and print what both sides said.",
    ),
    "demo": Place(
        "simulated_calls:demo",
        "Three simulated callers, their transcripts and their rows of the contact history.",
    ),
    "history": Place("history:history", "Print the contact history."),
    "config": Place(
        "settings:show_config",
        "Check the configuration and its flows, and print the settings in force, without passwords.",
    ),
    "setup": Place(
        "provision:set_up",
        "Install the parts: Asterisk, sounds, models, voices. `infolinia setup --help` tells its options.",
        {"context_settings": _OWN_OPTIONS},
    ),
    "speech": Place("speech:speech_app", "Speech recognition and voices."),
    "flow": Place("flows:flow_app", "Call flows."),
    "contacts": Place("contacts:contacts_app", "People: lists in and out, and one by one."),
    "people": Place("people:people_app", "People who sign in to the console."),
    "agents": Place("agents:agents_app", "Agents: who answers, and what they can do."),
    "queues": Place("queues:queues_app", "Queues: where callers wait."),
    "desk": Place("queues:desk_app", "What agents choose from at their desks."),
    "reload": Place(
        "queues:reload_configuration",
        "Have the running hotline read its configuration and flows anew. If anything is wrong, all stays.",
    ),
    "holds": Place("privacy:holds_app", "Legal holds: who and what may not be erased yet."),
    "recordings": Place("recordings:recordings_app", "Talks that were recorded."),
    "retention": Place("privacy:retention_app", "What is kept longer than it may be."),
    "tokens": Place("tokens:tokens_app", "Tokens by which other systems use the API."),
    "webhooks": Place("webhooks:webhooks_app", "Webhooks: made over the API, looked after here too."),
    "audit": Place("audit:print_audit", "Print the audit log, newest first."),
    "campaign": Place("campaigns:campaign_app", "Campaigns: whom we call, by whom, when and how."),
    "debts": Place("debts:debts_app", "Debts: what is owed, paid and promised."),
    "callbacks": Place("callbacks:print_callbacks", "Print callback requests, newest first."),
    "messages": Place("messages:messages_app", "Messages: what was written, and what became of it."),
    "mailings": Place("mailings:mailings_app", "Mailings: one text to many people."),
    "rules": Place("rules:rules_app", "The rules of contact, and the gate that asks them."),
    "why": Place(
        "why:explain",
        "Print each rule with its verdict and the next lawful moment, and what was decided before.",
    ),
    "api": Place("api:api_app", "The REST API."),
}


class Commands(MutableMapping[str, Any]):
    """By name. Each is loaded as it is looked up."""

    def __init__(self) -> None:
        self._added: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._added:
            self._added[name] = _loaded(name, COMMANDS[name])
        return self._added[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _loaded(name: str, place: Place) -> Any:
    module, _, attribute = place.where.partition(":")
    with ended_by_interrupts(), _collector_at_rest():
        found = getattr(import_module(f"infolinia.commands.{module}"), attribute)
    if isinstance(found, typer.Typer):
        group: Any = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name, **place.settings)(found)
    return typer.main.get_command(alone)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """What is loaded stays: garbage is not looked for among it, now or while calls are served."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class Program(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Their first lines are told without loading them."""
        loaded = self.commands
        self.commands = {name: TyperGroup(name=name, help=place.help) for name, place in COMMANDS.items()}
        try:
            super().format_help(ctx, formatter)
        finally:
            self.commands = loaded


app = typer.Typer(cls=Program, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def infolinia() -> None:
    """infolinia: a hotline on Asterisk."""


def main() -> None:
    """Entry point. What a person can put right ends in one sentence and exit code 2."""
    try:
        app()
    except Exception as problem:
        names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(problem).__mro__}
        if names & EXPECTED:
            fail(in_configuration_words(str(problem)))
        if DATABASE_AWAY in names:
            fail(f"The database does not answer ({problem}): try again once it does.")
        raise
