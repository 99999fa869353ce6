"""A throw-away PostgreSQL for tests: its own folder, a Unix socket, no network, never the host's server."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

# Names the socket file only: the server listens on no network.
PORT = 22000
_LIMIT_SECONDS = 30.0
# initdb refuses root; any of these owns the server then.
_USERS = ("postgres", "nobody")


def binaries() -> Path | None:
    """The folder of the server's programs, or None when PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


class PostgresServer:
    """`start` and `kill` may follow each other; `remove` ends it."""

    def __init__(self) -> None:
        programs = binaries()
        if programs is None:
            raise RuntimeError("no PostgreSQL server programs found")
        self._programs = programs
        # A short path: a Unix socket's name has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="infolinia-pg-", dir="/tmp"))
        self._data = self.folder / "data"
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            user = next(u for u in map(_user, _USERS) if u is not None)
            ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            self._prefix = ["setpriv", *ids, "--"]
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        arguments = [
            "-D",
            str(self._data),
            "-U",
            "infolinia",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        made = subprocess.run(
            [*self._prefix, str(programs / "initdb"), *arguments],
            capture_output=True,
            timeout=_LIMIT_SECONDS,
            cwd=self.folder,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.decode()}")

    def url(self, database: str) -> str:
        return f"postgresql://infolinia@/{database}?host={self.folder}&port={PORT}"

    def start(self) -> None:
        """Returns when it takes connections."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "port": str(PORT),
            "fsync": "off",
            "autovacuum": "off",
            "max_connections": "40",
            "shared_buffers": "16MB",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, str(self._programs / "postgres"), "-D", str(self._data), *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        deadline = time.monotonic() + _LIMIT_SECONDS
        while subprocess.run(self._ready(), capture_output=True, timeout=10, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'server.log').read_text()}")
            time.sleep(0.02)

    @property
    def running(self) -> bool:
        return self._process is not None

    def kill(self) -> None:
        """As a crash: SIGKILL to the server and to its children, which then lose their postmaster."""
        self._end(signal.SIGKILL)
        # A killed server leaves it, and the next one would ask whether its process still lives.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def freeze(self) -> None:
        """It takes connections but answers nothing."""
        assert self._process is not None
        for pid in (self._process.pid, *_children(self._process.pid)):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        for pid in (*_children(self._process.pid), self._process.pid):
            os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        self._end(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, statement: str, database: str = "postgres") -> str:
        command = [str(self._programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)]
        command += ["-p", str(PORT), "-U", "infolinia", "-d", database, "-c", statement]
        ran = subprocess.run(command, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
        if ran.returncode:
            raise RuntimeError(ran.stderr.decode())
        return ran.stdout.decode().strip()

    def _ready(self) -> list[str]:
        return [str(self._programs / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(PORT)]

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        children = _children(process.pid)
        process.send_signal(how)
        if how is signal.SIGKILL:
            for pid in children:
                _signal(pid, signal.SIGKILL)
        try:
            process.wait(_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_LIMIT_SECONDS)
        deadline = time.monotonic() + _LIMIT_SECONDS
        while any(Path(f"/proc/{pid}/stat").exists() for pid in children) and time.monotonic() < deadline:
            time.sleep(0.01)


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [int(child) for child in listed]


def _signal(pid: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, how)
