"""Builds `.venv` from requirements.lock. Run by a bare `python3`, before anything is installed.

Stands alone: standard library only, none of its neighbours, and syntax that an older Python can read, so
that it can say which Python is needed. The stamp is written last: an interrupted run is simply repeated.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
STAMP = ".infolinia-stamp"
EXIT_FAILED = 2
_LOCK_LIMIT_SECONDS = 1800.0
_QUERY_LIMIT_SECONDS = 60.0
_INSTALL_LIMIT_SECONDS = 1800.0
_SHOW_SECONDS = 10.0
_AGAIN = "then run `make setup` again."
_NO_NETWORK = ("NewConnectionError", "Failed to establish a new connection", "Name or service not known")


class EnvironmentFailure(Exception):
    """The environment cannot be built. The text is a sentence for the operator."""


def build(tree: Path) -> bool:
    """Bring `tree/.venv` up to `tree/requirements.lock`. True when anything had to be done."""
    lock, project = tree / "requirements.lock", tree / "pyproject.toml"
    for path in (lock, project):
        if not path.is_file():
            raise EnvironmentFailure(f"{path} is missing: run this in a whole clone of the project.")
    folder = tree / ".venv"
    wanted = [f"lock {_digest(lock)}", f"project {_digest(project)}", f"tree {tree}"]
    if _stamp_of(folder) == wanted and _answers(folder):
        return False
    python = _suitable_python()
    with lock.open() as handle:
        _hold(handle.fileno())
        stamp = _stamp_of(folder)
        if not _answers(folder) or (stamp and wanted[2] not in stamp):
            _create(python, folder)
            stamp = []
        if stamp == wanted:
            return True
        (folder / STAMP).unlink(missing_ok=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        if wanted[0] not in stamp:
            _run([*pip, "--require-hashes", "-r", str(lock)], "installing the locked dependencies")
        # The build tools are in the lock too, so nothing unchecked is fetched for the project itself.
        own = [*pip, "--no-deps", "--no-build-isolation", "-e", str(tree)]
        _run(own, "installing the project")
        partial = folder / (STAMP + ".new")
        partial.write_text("\n".join(wanted) + "\n", encoding="utf-8")
        partial.replace(folder / STAMP)
    return True


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stamp_of(folder: Path) -> list[str]:
    try:
        return (folder / STAMP).read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        return []


def _answers(folder: Path) -> bool:
    """True when the environment's own Python starts and is new enough (its base may have been removed)."""
    program = folder / "bin" / "python"
    return program.exists() and _query([str(program), "-c", _version_test()])


def _version_test() -> str:
    return f"import sys, pip; sys.exit(0 if sys.version_info >= {OLDEST!r} else 1)"


def _query(argv: list[str]) -> bool:
    try:
        result = subprocess.run(argv, capture_output=True, timeout=_QUERY_LIMIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def _suitable_python() -> str:
    """The Python to build with: this one, else a newer one on PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in NEWER_NAMES:
        path = shutil.which(name)
        if path:
            return path
    raise EnvironmentFailure(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}: on Debian "
        f"12 or newer run `{_root_command('python3', 'python3-venv')}`, elsewhere put a newer "
        "python3 on PATH."
    )


def _create(python: str, folder: Path) -> None:
    """Make the environment anew beside its place, then swap it in."""
    if not _query([python, "-c", "import venv, ensurepip"]):
        _install_venv_module(python)
    if folder.exists():
        shutil.rmtree(folder)
    _run([python, "-m", "venv", str(folder)], "creating .venv")


def _install_venv_module(python: str) -> None:
    name = Path(python).name
    package = f"{name}-venv" if name in NEWER_NAMES else "python3-venv"
    command = _root_command(package)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for argv in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", package]):
            _run(argv, f"installing {package}", environment)
    if not _query([python, "-c", "import venv, ensurepip"]):
        raise EnvironmentFailure(f"Python's venv module is missing: run `{command}`, then `make setup`.")


def _root_command(*packages: str) -> str:
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get update && {sudo}apt-get install -y {' '.join(packages)}"


def _hold(descriptor: int) -> None:
    """Take the lock, waiting for another setup of this tree up to a limit."""
    deadline = time.monotonic() + _LOCK_LIMIT_SECONDS
    shown = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise EnvironmentFailure(
                    f"Another setup of this tree has run for {_LOCK_LIMIT_SECONDS:.0f} s: end it, then run "
                    "`make setup` again."
                ) from None
            if not shown:
                print("  waiting for another setup of this tree", flush=True)
                shown = True
            time.sleep(0.5)


def _run(argv: list[str], what: str, environment: dict[str, str] | None = None) -> None:
    """Run to the end, telling now and then that it goes on; a failure becomes one sentence."""
    started_at = time.monotonic()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        errors="replace",
    )
    try:
        while True:
            try:
                output = process.communicate(timeout=_SHOW_SECONDS)[0]
                break
            except subprocess.TimeoutExpired:
                seconds = time.monotonic() - started_at
                if seconds > _INSTALL_LIMIT_SECONDS:
                    raise EnvironmentFailure(
                        f"{what} took more than {seconds:.0f} s: check the network, {_AGAIN}"
                    ) from None
                print(f"  {what} ({seconds:.0f} s)", flush=True)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)
    if process.returncode != 0:
        raise EnvironmentFailure(_explain(what, output))


def _explain(what: str, output: str) -> str:
    if "No space left on device" in output:
        return f"The disk is full while {what}: free some space, {_AGAIN}"
    if any(word in output for word in _NO_NETWORK):
        return (
            f"No connection to the Python package index while {what}: check the network and pip's proxy, "
            f"{_AGAIN}"
        )
    if "DO NOT MATCH THE HASHES" in output:
        return (
            f"A package differs from its checksum in requirements.lock while {what}: check the index that "
            f"pip is set to, {_AGAIN}"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
    errors = [line for line in lines if line.startswith(("ERROR", "error", "E:"))] or lines[-1:]
    return f"{what} failed ({errors[0]}): correct this, {_AGAIN}"


def main() -> int:
    """The command. Returns its exit code."""
    started_at = time.monotonic()
    try:
        made = build(Path(__file__).resolve().parent.parent.parent)
    except EnvironmentFailure as error:
        print(f"setup: {error}", file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        place, cause = error.filename or ".venv", error.strerror or error
        print(f"setup: {place}: {cause}; correct this and run `make setup` again.", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("setup: interrupted; run `make setup` to go on.", file=sys.stderr)
        return 130
    state = "done" if made else "already there"
    print(f"{'Python environment':<38} {state:<14} {time.monotonic() - started_at:7.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
