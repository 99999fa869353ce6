"""What the pages of messages need, wired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from console.api.parts import ApiParts
from console.messages.means import MessageMeans, TemplateFile
from engine.followup.routing import Lane
from infolinia.configuration import Configuration
from infolinia.message_templates import template_files, template_folder
from store.store import Store


def message_means(
    configuration: Configuration, store: Store, parts: ApiParts, lanes: Callable[[], Sequence[Lane]]
) -> MessageMeans:
    """Templates are read anew for each page, so that who writes one sees its mistakes at once."""
    folder = template_folder(configuration)

    async def files() -> Sequence[TemplateFile]:
        return await asyncio.to_thread(template_files, folder)

    return MessageMeans(
        messages=store.messages,
        templates=files,
        lanes=lanes,
        statistics=parts.message_statistics,
        mailings=parts.mailing_desk,
        attribute_names=store.mailings.attribute_names,
        links_url=configuration.messaging.links_url,
    )
