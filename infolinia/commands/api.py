"""`infolinia api`: the REST API's own documents, without a running hotline."""

from __future__ import annotations

import sys

import typer

from console.api.areas import declared_operations
from console.api.documentation import Documentation
from infolinia.commands.terminal import run_with_output

api_app = typer.Typer(help="The REST API.", no_args_is_help=True)


@api_app.callback()
def api() -> None:
    """The REST API."""


@api_app.command("openapi")
def openapi() -> None:
    """Print the OpenAPI 3.1 document, the same as at /api/openapi.json."""
    written = Documentation(declared_operations()).written
    run_with_output(lambda: print(written.decode(), end="", file=sys.stdout))
