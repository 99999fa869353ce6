"""`infolinia setup`: the parts that the hotline is made of."""

from __future__ import annotations

import typer

from infolinia.setup.__main__ import main as provide


def set_up(context: typer.Context) -> None:
    """Install the parts: Asterisk, sounds, models, voices. `infolinia setup --help` tells its options."""
    raise SystemExit(provide(context.args))
