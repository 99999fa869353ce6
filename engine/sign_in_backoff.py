"""How long nobody may try a password after wrong ones: for a name, and for an address."""

from __future__ import annotations

# A person mistypes; behind one address there may be an office.
FREE_FAILURES = {"name": 4, "address": 20}
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 900.0
# Without a wrong password for so long, counting begins anew.
FORGOTTEN_AFTER_SECONDS = 24 * 3600.0


def wait_seconds(key: str, failures: int) -> float:
    """After that many wrong passwords in a row; `key` is "name:…" or "address:…". Doubles with each one."""
    beyond = failures - FREE_FAILURES[key.partition(":")[0]]
    if beyond <= 0:
        return 0.0
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(beyond - 1, 20), LONGEST_WAIT_SECONDS)
