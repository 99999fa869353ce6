from __future__ import annotations

from pathlib import Path

import pytest

from infolinia.setup.debs import (
    Deb,
    is_complete,
    load_plan,
    not_whole,
    save_plan,
    sha256_of,
    unpack,
)
from infolinia.setup.failure import SetupError

from .conftest import MakeDeb


def described(path: Path) -> Deb:
    return Deb(path.name, path.stat().st_size, sha256_of(path))


def nothing(_: object) -> None:
    pass


def test_a_missing_a_short_and_a_changed_archive_are_told_from_whole_ones(make_deb: MakeDeb) -> None:
    whole, short, changed, missing = (make_deb(name) for name in ("whole", "short", "changed", "missing"))
    debs = [described(path) for path in (whole, short, changed, missing)]
    short.write_bytes(short.read_bytes()[:-10])
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    missing.unlink()
    assert not_whole(debs, whole.parent) == debs[1:]


def test_unpacking_makes_a_complete_prefix_and_notices_a_lost_file(make_deb: MakeDeb, tmp_path: Path) -> None:
    deb = make_deb("tool", files={"usr/bin/tool": "run me", "usr/share/tool/data": "data"})
    prefix = tmp_path / "prefix"

    def link(tree: Path) -> None:
        (tree / "usr" / "share" / "link").symlink_to("tool")

    assert not is_complete(prefix, "v1")
    unpack([described(deb)], deb.parent, prefix, "v1", link, nothing)
    assert (prefix / "usr" / "share" / "link" / "data").read_text() == "data"
    assert is_complete(prefix, "v1")
    assert not is_complete(prefix, "v2")
    (prefix / "usr" / "share" / "tool" / "data").unlink()
    assert not is_complete(prefix, "v1")


def test_a_failed_unpacking_names_the_archive_and_leaves_the_old_prefix(
    make_deb: MakeDeb, tmp_path: Path
) -> None:
    good, broken = make_deb("good"), make_deb("broken")
    prefix = tmp_path / "prefix"
    unpack([described(good)], good.parent, prefix, "v1", nothing, nothing)
    broken.write_bytes(b"no archive")
    with pytest.raises(SetupError, match=r"broken_1\.0_all\.deb cannot be unpacked .*make setup"):
        unpack([described(good), described(broken)], good.parent, prefix, "v2", nothing, nothing)
    assert is_complete(prefix, "v1")
    unpack([described(good)], good.parent, prefix, "v2", nothing, nothing)
    assert is_complete(prefix, "v2")


def test_a_plan_serves_only_the_request_it_was_made_for(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    debs = [Deb("a_1_all.deb", 3, "0" * 64), Deb("b_1_all.deb", 4, "1" * 64)]
    assert load_plan(plan, "v1") == []
    save_plan(plan, "v1", debs)
    assert load_plan(plan, "v1") == debs
    assert load_plan(plan, "v2") == []
    plan.write_text(plan.read_text()[:-20])
    assert load_plan(plan, "v1") == []
