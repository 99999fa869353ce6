"""PostgreSQL databases for tests. One is emptied and used again: a new one is hundreds of files to write."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from store.schema import upgrade
from tests.postgres import PostgresServer

_TEMPLATE = "filled_template"
# Emptied tables keep their room on the disk. With much of it, plans would not be those of new ones.
_MOST_BYTES_LEFT = 1_000_000

_EMPTY = """
    SET lock_timeout = '5s';
    SET session_replication_role = replica;
    DO $$ DECLARE one text; BEGIN
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
        FOR one IN SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
        LOOP EXECUTE format('DELETE FROM public.%I', one); END LOOP;
        PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence;
    END $$;
"""
# All that a test may change besides rows.
_SHAPE = """
    SELECT md5(string_agg(told, ',' ORDER BY told)), pg_database_size(current_database()) FROM (
        SELECT concat_ws(' ', relname, relkind, attname, atttypid, attnotnull, atthasdef)
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND attnum > 0
        UNION ALL SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT concat_ws(' ', proname, md5(prosrc)) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', starelid, staattnum) FROM pg_statistic
            JOIN pg_class ON pg_class.oid = starelid WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting
        UNION ALL SELECT version_num FROM public.alembic_version
    ) AS shape (told)
"""


class Databases:
    """Of one server. Each has its tables and no row when it is taken."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._made = 0
        self._free: list[str] = []
        server.sql(f"CREATE DATABASE {_TEMPLATE}")
        asyncio.run(upgrade(server.url(_TEMPLATE)))
        self._shape, self._bytes = self._looked_at(_TEMPLATE)

    def take(self) -> str:
        """A database's name."""
        if self._free:
            return self._free.pop()
        self._made += 1
        name = f"test_{self._made}"
        self._server.sql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    def give_back(self, name: str) -> None:
        """Nobody uses it any more. One that a test has changed is dropped."""
        with suppress(RuntimeError):  # its tables are not even there
            shape, now_bytes = self._looked_at(name, first=_EMPTY)
            if shape == self._shape and now_bytes <= self._bytes + _MOST_BYTES_LEFT:
                self._free.append(name)
                return
        self._server.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _looked_at(self, name: str, *, first: str = "") -> tuple[str, int]:
        shape, size = self._server.sql(first + _SHAPE, name).split("|")
        return shape, int(size)
