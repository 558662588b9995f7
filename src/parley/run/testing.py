"""The /testing tree that the guests of a case see: copies, so that the user's files stay clean.

::

    /testing/SUITE/CASE/    the case's own files; sessions start here. Where a configuration file with
                            qualifiers applies (case.qualifier), it also lies under the name without.
                            Hosts hand one another files in OUTPUT/, which is empty at first
    /testing/guestbin/      helper scripts of the suite's tree (the directory beside the suite)
    /testing/x509/KIND/     certificates, as parley.pki lays them out, for the kinds that the case names
                            (`x509/KIND` in a path, `--x509 KIND` as an option)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.case.files import OUTPUT, files_below, read_file
from parley.pki import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from parley.case.model import ScriptedCase
    from parley.lab.jail import Jail
    from parley.scenario.model import Scenario

GUEST_TESTING = "/testing"

_KIND = re.compile(rb"\bx509[/ ]([a-z0-9-]+)")


def lay_out_testing(case: ScriptedCase, jail: Jail, certificates: Path) -> None:
    """Copy what the guests of `case` need into its share.

    Raises InputError for a file that cannot be read.
    """
    place = f"testing/{case.suite.name}/{case.name}"
    _copy_tree(case.directory, jail, place)
    jail.make_directory(f"{place}/{OUTPUT}")
    for name, path in case.qualified.items():
        _copy(path, jail, f"{place}/{name}")
    _copy_tree(case.suite.parent / "guestbin", jail, "testing/guestbin")
    hosts = [host.name for host in case.hosts]
    _copy_certificates(certificate_kinds(case), jail, certificates, hosts)


def lay_out_certificates(scenario: Scenario, jail: Jail, certificates: Path) -> None:
    """Copy the certificates that a scenario's two ends need into its share."""
    jail.make_directory("testing")
    sides = (scenario.connection.initiator, scenario.connection.responder)
    _copy_certificates(scenario_kinds(scenario), jail, certificates, [side.host for side in sides])


def scenario_kinds(scenario: Scenario) -> frozenset[str]:
    """The kinds of certificates that a scenario names."""
    sides = (scenario.connection.initiator, scenario.connection.responder)
    return frozenset(side.authentication.certificate for side in sides) - {""}


def certificate_kinds(case: ScriptedCase) -> frozenset[str]:
    """The kinds of certificates that a case's files name."""
    named = {kind.decode() for path in files_below(case.directory) for kind in _KIND.findall(read_file(path))}
    return frozenset(named) & frozenset(KINDS)


def _copy_certificates(kinds: Iterable[str], jail: Jail, certificates: Path, hosts: Iterable[str]) -> None:
    wanted = ("ca.", "crl", *(f"{host}." for host in hosts))
    for kind in kinds:
        for path in files_below(certificates / kind):
            if path.name.startswith(wanted):
                jail.write(f"testing/x509/{kind}/{path.name}", path.read_bytes())


def _copy_tree(directory: Path, jail: Jail, place: str) -> None:
    jail.make_directory(place)
    for path in files_below(directory):
        _copy(path, jail, f"{place}/{path.relative_to(directory).as_posix()}")


def _copy(path: Path, jail: Jail, name: str) -> None:
    # Scripts are run whatever became of their mode on the way here (archives, file systems without).
    executable = path.suffix == ".sh" or path.stat().st_mode & 0o100
    jail.write(name, read_file(path), mode=0o755 if executable else 0o644)
