"""What a visitor's page sends, checked."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from console.faults import Fault
from console.json_bodies import json_object
from console.web_chat.door import page_address
from console.web_chat.refusals import Turned
from engine.chat.sides import PageSeen
from messaging.chat import NAME_MOST, PAGE_MOST, TEXT_MOST
from messaging.chat_site import ChatSite

MOST_PAGES = 20
# A visit of a day is one of a page that was forgotten.
LONGEST_VISIT = timedelta(hours=24)
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _plain(value: object) -> object:
    return _UNSEEN.sub("", value) if isinstance(value, str) else value


# Ids that the visitor's browser makes.
OwnId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
Written = Annotated[str, BeforeValidator(_plain), Field(max_length=4 * TEXT_MOST)]
ShortText = Annotated[str, BeforeValidator(_plain), Field(max_length=NAME_MOST)]


class Sent(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class SentPage(Sent):
    """A page of the visit, by its address; `ago`: seconds since the visitor came to it."""

    address: Annotated[str, Field(max_length=8000)]
    title: Annotated[str, BeforeValidator(_plain), Field(max_length=4000)] = ""
    ago: Annotated[float, Field(ge=0)] = 0.0

    def seen(self, site: ChatSite, now: datetime) -> PageSeen | None:
        """None: it is no page of the site."""
        address = page_address(site, self.address)
        if address is None or len(address) > PAGE_MOST:
            return None
        ago = min(timedelta(seconds=min(self.ago, 1e6)), LONGEST_VISIT)
        return PageSeen(now - ago, address, " ".join(self.title.split())[:NAME_MOST])


class Opening(Sent):
    stamp: Annotated[str, Field(max_length=200)] = ""
    subject: Annotated[str, Field(max_length=4000)] = ""  # the decoy: people do not see it
    visitor: OwnId
    name: ShortText = ""
    consent: Annotated[str, Field(max_length=5000)] = ""
    invited: Annotated[bool, Field(strict=True)] = False
    path: Annotated[tuple[SentPage, ...], Field(max_length=MOST_PAGES)] = ()


class OfChat(Sent):
    """Whoever knows `secret` is the visitor."""

    chat: Annotated[str, Field(min_length=1, max_length=100)]
    secret: Annotated[str, Field(min_length=1, max_length=200)]


class Words(OfChat):
    text: Written
    client_id: OwnId


class Press(OfChat):
    value: Annotated[str, Field(max_length=1000)]
    client_id: OwnId


class Seen(OfChat):
    page: SentPage


class CallMe(OfChat):
    number: ShortText


class BrowserCall(OfChat):
    sdp: Annotated[str, Field(pattern=r"^v=0", max_length=32 * 1024)]


Model = TypeVar("Model", bound=Sent)


async def sent(model: type[Model], request: web.Request) -> Model:
    """Raises Turned "unreadable"."""
    try:
        body = await json_object(request)
        json.dumps(body, ensure_ascii=False).encode()  # half a letter, which JSON can write, cannot be kept
        return model.model_validate(body)
    except (Fault, UnicodeEncodeError, ValidationError) as wrong:
        raise Turned("unreadable") from wrong
