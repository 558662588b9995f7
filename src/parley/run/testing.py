"""The /testing tree that the guests of a case see: copies, so that the user's files stay clean.

::

    /testing/SUITE/CASE/    the case's own files; sessions start here
    /testing/guestbin/      helper scripts of the suite's tree (the directory beside the suite)
    /testing/x509/KIND/     certificates, as parley.pki lays them out, for the kinds that the case names
                            (`x509/KIND` in a path, `--x509 KIND` as an option)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
    """Copy what the guests of `case` need into its share."""
    own = _files(case.directory)
    helpers = _files(case.suite.parent / "guestbin")
    place = f"testing/{case.suite.name}/{case.name}"
    for target, tree in ((place, own), ("testing/guestbin", helpers)):
        jail.make_directory(target)
        for path in tree:
            mode = 0o755 if path.suffix == ".sh" else 0o644
            jail.write(f"{target}/{path.name}", path.read_bytes(), mode=mode)
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


def _copy_certificates(kinds: Iterable[str], jail: Jail, certificates: Path, hosts: Iterable[str]) -> None:
    wanted = ("ca.", "crl", *(f"{host}." for host in hosts))
    for kind in sorted(kinds):
        for path in _files(certificates / kind):
            if path.name.startswith(wanted):
                jail.write(f"testing/x509/{kind}/{path.name}", path.read_bytes())


def certificate_kinds(case: ScriptedCase) -> frozenset[str]:
    """The kinds of certificates that a case's files name."""
    named = {kind.decode() for path in _files(case.directory) for kind in _KIND.findall(path.read_bytes())}
    return frozenset(named) & frozenset(KINDS)


def _files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if path.is_file())
