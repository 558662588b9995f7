from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from parley.case.model import HostSpec, ScriptedCase
from parley.errors import InputError
from parley.lab.jail import Jail, Owner
from parley.upstream.testing import drop_copies, lay_out_tree, save_in_place
from parley.upstream.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def jail(tmp_path: Path) -> Jail:
    jail = Jail(tmp_path / "share", Owner(os.getuid(), os.getgid()))
    jail.create()
    return jail


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "tree")
    files = {
        "guestbin/swan-prep": "#!/usr/bin/python3\n",
        "utils/refcnt.gawk": "{}\n",
        "utils/nsrun": "not for guests\n",
        "default-testparams.sh": "REF=\n",
        "x509/generate.sh": "not for guests\n",
        "pluto/a-01/eastinit.sh": "cp ../../pluto/b-02/extra.conf .\n../b-02/helper.sh\n",
        "pluto/b-02/extra.conf": "conn b\n",
        "pluto/c-03/eastinit.sh": "true\n",
        "pluto/a-01/OUTPUT/old.log": "of an earlier run\n",
    }
    for name, text in files.items():
        path = tree.testing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tree.testing / "guestbin" / "swan-prep").chmod(0o755)
    return tree


def case(tree: Tree) -> ScriptedCase:
    return ScriptedCase("a-01", tree.suite / "a-01", tree.suite, (HostSpec("east"),), ())


def test_guests_see_their_case_what_it_names_and_what_lies_beside(tree: Tree, jail: Jail) -> None:
    lay_out_tree(tree, case(tree), jail)
    assert sorted(jail.files("testing")) == [
        "testing/default-testparams.sh",
        "testing/guestbin/swan-prep",
        "testing/pluto/a-01/eastinit.sh",
        "testing/pluto/b-02/extra.conf",
        "testing/utils/refcnt.gawk",
    ]
    assert (jail.root / "testing/guestbin/swan-prep").stat().st_mode & 0o777 == 0o755
    assert (jail.root / "testing/pluto/a-01/OUTPUT").is_dir()
    assert (jail.root / "testing/x509").is_dir()


def test_of_a_lab_that_has_ended_only_what_is_its_own_is_kept(tree: Tree, jail: Jail) -> None:
    lay_out_tree(tree, case(tree), jail)
    jail.write("testing/pluto/a-01/OUTPUT/east.pluto.log", b"log\n")
    drop_copies(jail)
    kept = set(jail.files("testing"))
    assert "testing/guestbin/swan-prep" not in kept
    assert {"testing/pluto/a-01/eastinit.sh", "testing/pluto/a-01/OUTPUT/east.pluto.log"} <= kept


def test_the_checkout_stays_as_it_was(tree: Tree, jail: Jail) -> None:
    before = {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")}
    lay_out_tree(tree, case(tree), jail)
    jail.write("testing/pluto/a-01/OUTPUT/east.pluto.log", b"log\n")
    assert {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")} == before


def test_in_place_the_output_replaces_that_of_the_run_before(tree: Tree, jail: Jail) -> None:
    jail.write("testing/pluto/a-01/OUTPUT/east.pluto.log", b"log\n")
    jail.write("testing/pluto/a-01/OUTPUT/sub/deep.txt", b"deep\n")
    save_in_place(tree, "a-01", jail, {"result.json": b"{}\n"})
    output = tree.suite / "a-01" / "OUTPUT"
    assert (output / "east.pluto.log").read_bytes() == b"log\n"
    assert (output / "sub/deep.txt").read_bytes() == b"deep\n"
    assert (output / "result.json").read_bytes() == b"{}\n"
    assert not (output / "old.log").exists()


def test_in_place_no_guest_writes_through_a_link(tree: Tree, jail: Jail, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine\n")
    jail.make_directory("testing/pluto/a-01/OUTPUT")
    (jail.root / "testing/pluto/a-01/OUTPUT/east.pluto.log").symlink_to(secret)
    save_in_place(tree, "a-01", jail, {})
    assert not (tree.suite / "a-01" / "OUTPUT" / "east.pluto.log").exists()


def test_in_place_a_tree_that_cannot_be_written_is_named(tree: Tree, jail: Jail) -> None:
    jail.write("testing/pluto/a-01/OUTPUT/east.pluto.log", b"log\n")
    (tree.suite / "a-01" / "OUTPUT" / "old.log").unlink()
    (tree.suite / "a-01" / "OUTPUT").rmdir()
    (tree.suite / "a-01" / "OUTPUT").write_text("a file\n")
    with pytest.raises(InputError, match="--in-place cannot write it"):
        save_in_place(tree, "a-01", jail, {})
