"""Bad requests: one clear sentence each, as JSON to programs and as a page to people."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from console.accounts.identity import ADMITTED
from engine.ports import StoreUnavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage = Callable[[web.Request, int, str, str], web.Response]
log = logging.getLogger(__name__)


class Fault(Exception):
    """A request that cannot be served; `message` is one sentence with the remedy, in `language`."""

    def __init__(self, status: int, message: str, language: str = "en") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.language = language


def fault_middleware(error_page: ErrorPage) -> Middleware:
    """Turn every failure into the answer that its asker can read."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Fault as fault:
            return _answer(request, fault.status, fault.message, fault.language)
        except web.HTTPRequestEntityTooLarge as error:
            return _answer(request, error.status, "The request is too large.")
        except web.HTTPNotFound:
            return _answer(request, 404, f"There is nothing at {request.path}.")
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            answer = _answer(request, 405, f"{request.path} takes {allowed} only.")
            answer.headers["Allow"] = allowed
            return answer
        except web.HTTPException:
            raise
        except StoreUnavailable as away:
            log.warning("%s %s: the database does not answer: %s", request.method, request.path, away)
            return _answer(request, 503, "The database does not answer. Try again in a moment.")
        except ConnectionResetError:
            raise  # whoever asked has left
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _answer(request, 500, "The console failed on this request; its log says why.")

    def _answer(request: web.Request, status: int, message: str, language: str = "en") -> web.Response:
        # A form that a browser sent, too: from a page, the browser leads back to what was typed.
        wants_page = request.method in ("GET", "POST") and "text/html" in request.headers.get("Accept", "")
        # A stranger gets no page: its names and links are not their business.
        if wants_page and request.get(ADMITTED):
            return error_page(request, status, message, language)
        return web.json_response({"error": message}, status=status)

    return middleware
