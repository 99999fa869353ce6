"""The program's entry: Ctrl-C while it loads ends it without a traceback."""

from __future__ import annotations

import signal


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from infolinia.command import main as run_command
    from infolinia.commands.terminal import run_with_output

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run_with_output(run_command)
