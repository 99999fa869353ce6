"""Mailings and cascades, wired: their files, their workers, and the desks by which they are ordered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from zoneinfo import ZoneInfo

from engine.followup.cascade_events import CascadeEvents
from engine.followup.cascades import CascadeWork
from engine.followup.mailing_desk import MailingDesk
from engine.followup.mailings import MailingWork
from engine.followup.message_desk import MessageDesk
from engine.followup.shelf import MessageShelf
from engine.gatekeeper import Gate
from engine.ports import Clock, Ids
from infolinia.assembly.background import in_background
from infolinia.assembly.followups import link_making
from infolinia.configuration import Configuration
from infolinia.message_cascades import cascade_folder, load_cascades
from infolinia.message_templates import changed_files, load_templates, template_folder
from infolinia.reloading import FilesRead
from store.store import Store


def message_shelf(configuration: Configuration) -> MessageShelf:
    """Raises ConfigurationRejected: a file has mistakes."""
    section = configuration.messaging
    templates = load_templates(configuration)
    return MessageShelf(
        templates,
        load_cascades(configuration, templates),
        links=link_making(configuration),
        prices=None if section.prices is None else section.prices.table(),
        zone=ZoneInfo(configuration.time_zone),
        expires=timedelta(hours=section.expires_hours),
    )


class MessageFiles:
    """The templates and cascades in force. Raises ConfigurationRejected: a file has mistakes."""

    def __init__(self, configuration: Configuration) -> None:
        self._templates, _ = changed_files(template_folder(configuration), {})
        self._cascades, _ = changed_files(cascade_folder(configuration), {})
        self._shelf = message_shelf(configuration)

    def shelf(self) -> MessageShelf:
        return self._shelf

    def read(self, configuration: Configuration) -> FilesRead:
        """The files as they are now. Raises ConfigurationRejected."""
        held, templates_changed = changed_files(template_folder(configuration), self._templates)
        cascades_held, cascades_changed = changed_files(cascade_folder(configuration), self._cascades)
        templates = load_templates(configuration)
        new = self._shelf.with_files(templates, load_cascades(configuration, templates))

        def put() -> None:
            self._shelf, self._templates, self._cascades = new, held, cascades_held

        changed = (("templates", templates_changed), ("cascades", cascades_changed))
        return FilesRead(put, tuple(f"{what} {', '.join(names)}" for what, names in changed if names))


def run_mailings(
    configuration: Configuration, store: Store, clock: Clock, ids: Ids, stack: AsyncExitStack
) -> MessageFiles:
    """Write mailings and move cascades on from now on, until the stack ends. Raises ConfigurationRejected."""
    files = MessageFiles(configuration)
    worker = f"{configuration.node}:{ids.new()}"
    in_background(MailingWork(store.mailing_queue(worker), files.shelf, clock).lookout.run(), stack)
    in_background(CascadeWork(store.cascades, files.shelf, clock, ids).lookout.run(), stack)
    in_background(CascadeEvents(store.cascades, store.publications, store.followups).lookout.run(), stack)
    return files


def mailing_desk(
    store: Store, shelf: Callable[[], MessageShelf], gate: Gate, clock: Clock, ids: Ids
) -> MailingDesk:
    return MailingDesk(store.mailings, shelf, gate, clock, ids)


def message_desk(
    store: Store, shelf: Callable[[], MessageShelf], gate: Gate, clock: Clock, ids: Ids
) -> MessageDesk:
    return MessageDesk(store.messages, store.history.contacts, shelf, gate, clock, ids)
