"""The program's entry: Ctrl-C while it loads, which takes a second or two, ends it without a traceback."""

from __future__ import annotations

import signal
import sys

# Asked for one case after another, they load a tenth of the program.
_LIGHT = (["rules", "check"], ["rules", "packs"])


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:3] in _LIGHT:
        from infolinia.commands.rules import main as run_command
    else:
        from infolinia.command import main as run_command
    from infolinia.commands.terminal import run_with_output

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run_with_output(run_command)
