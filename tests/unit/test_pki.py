from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_pem_private_key,
    load_pem_public_key,
    pkcs12,
)
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from parley import certificate
from parley.errors import UsageError
from parley.image.store import Store
from parley.pki import HOSTS, KINDS, LIFE, PASSWORD, ensure_certificates

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def x509_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_certificates(Store(tmp_path_factory.mktemp("pki")), KINDS, now=NOW)


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def verify(directory: Path, host: str, moment: datetime) -> None:
    """What a careful verifier of the web's certificates says (RFC 5280); it knows no Ed25519."""
    builder = (
        verification.PolicyBuilder().store(verification.Store([load(directory / "ca.crt")])).time(moment)
    )
    others = [load(path) for path in directory.glob("ca.intermediate.crt")]
    builder.build_server_verifier(x509.DNSName(host)).verify(load(directory / f"{host}.crt"), others)
    builder.build_client_verifier().verify(load(directory / f"{host}.crt"), others)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"expired", "ed25519"}])
def test_certificates_verify_now_and_to_the_end_of_their_life(kind: str, x509_directory: Path) -> None:
    for moment in (NOW, NOW - timedelta(hours=23), NOW + KINDS[kind].life - timedelta(hours=1)):
        for host in HOSTS:
            verify(x509_directory / kind, host, moment)


def test_expired_certificates_fail_for_their_age_alone(x509_directory: Path) -> None:
    verify(x509_directory / "expired", "east", NOW - timedelta(days=2))
    with pytest.raises(verification.VerificationError):
        verify(x509_directory / "expired", "east", NOW)


def test_no_kind_trusts_another(x509_directory: Path) -> None:
    subjects = {load(x509_directory / kind / "ca.crt").subject for kind in KINDS}
    assert len(subjects) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_host_has_what_each_daemon_wants(kind: str, x509_directory: Path) -> None:
    directory = x509_directory / kind
    expected = {"ca.crt", "crl.pem", "crl.der"}
    expected |= {f"{host}.{suffix}" for host in HOSTS for suffix in ("crt", "key", "pub", "p12")}
    if KINDS[kind].intermediate:
        expected |= {"ca.intermediate.crt"} | {f"{host}.chain.crt" for host in HOSTS}
    assert {path.name for path in directory.iterdir()} == expected


@pytest.mark.parametrize("kind", KINDS)
def test_key_certificate_and_pkcs12_belong_together(kind: str, x509_directory: Path) -> None:
    directory = x509_directory / kind
    held = load(directory / "west.crt")
    key = load_pem_private_key((directory / "west.key").read_bytes(), None)
    public = load_pem_public_key((directory / "west.pub").read_bytes())
    assert key.public_key() == public == held.public_key()
    bundle = pkcs12.load_pkcs12((directory / "west.p12").read_bytes(), PASSWORD.encode())
    assert bundle.cert is not None
    assert (bundle.cert.friendly_name, bundle.cert.certificate) == (b"west", held)
    others = [load(path) for path in directory.glob("ca.intermediate.crt")]
    assert [extra.certificate for extra in bundle.additional_certs] == others


@pytest.mark.parametrize("kind", KINDS)
def test_extensions(kind: str, x509_directory: Path) -> None:
    extensions = load(x509_directory / kind / "road.crt").extensions
    names = [
        extension for extension in extensions if isinstance(extension.value, x509.SubjectAlternativeName)
    ]
    assert [list(name.value) for name in names] == [[x509.DNSName("road")]]
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.key_encipherment is KINDS[kind].algorithm.startswith("rsa")
    extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(extended) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_big_certificates_do_not_fit_into_two_packets(x509_directory: Path) -> None:
    size = len(load(x509_directory / "big" / "east.crt").public_bytes(Encoding.DER))
    assert 3000 < size < 4500


def test_only_the_revoked_are_revoked(x509_directory: Path) -> None:
    for kind in KINDS:
        directory = x509_directory / kind
        der = x509.load_der_x509_crl((directory / "crl.der").read_bytes())
        held = load(directory / "nic.crt")
        assert der.issuer == held.issuer
        listed = der.get_revoked_certificate_by_serial_number(held.serial_number)
        assert (listed is not None) is (kind == "revoked")


def test_a_chain_has_a_list_for_each_authority(x509_directory: Path) -> None:
    text = (x509_directory / "chain" / "crl.pem").read_bytes()
    assert text.count(b"BEGIN X509 CRL") == 2
    assert (x509_directory / "chain" / "east.chain.crt").read_bytes().count(b"BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_agrees_strictly_with_every_list_checked(kind: str, x509_directory: Path) -> None:
    directory = x509_directory / kind
    command = ["openssl", "verify", "-attime", str(int(NOW.timestamp())), "-x509_strict", "-crl_check_all"]
    command += ["-CAfile", "ca.crt", "-CRLfile", "crl.pem"]
    if KINDS[kind].intermediate:
        command += ["-untrusted", "ca.intermediate.crt"]
    result = subprocess.run([*command, "set.crt"], cwd=directory, capture_output=True, text=True, check=False)
    expected = {"expired": "certificate has expired", "revoked": "certificate revoked"}
    assert expected.get(kind, "set.crt: OK") in result.stdout + result.stderr


def test_certificates_are_made_once_until_a_third_of_their_life_is_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = ensure_certificates(store, ["ecdsa"], now=NOW)
    assert ensure_certificates(store, ["ecdsa"], now=NOW + timedelta(days=1)) == first
    later = ensure_certificates(store, ["ecdsa"], now=NOW + LIFE / 3)
    assert later != first
    assert first.is_dir()
    verify(later / "ecdsa", "east", NOW + LIFE)


def test_what_nobody_can_use_any_more_is_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = ensure_certificates(store, ["ecdsa"])
    ensure_certificates(store, ["ecdsa"], now=datetime.now(UTC) + 2 * LIFE)
    assert not first.exists()


def test_kinds_can_be_had_together_and_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    both = ensure_certificates(store, ["p384", "ecdsa"], now=NOW)
    alone = ensure_certificates(store, ["p384"], now=NOW)
    assert sorted(path.name for path in both.iterdir() if path.is_dir()) == ["ecdsa", "p384"]
    assert load(both / "p384" / "east.crt") == load(alone / "p384" / "east.crt")
    assert [path for path in ensure_certificates(store, [], now=NOW).iterdir() if path.is_dir()] == []


def test_an_unknown_kind_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dsa"):
        ensure_certificates(Store(tmp_path / "cache"), ["ecdsa", "dsa"])
    assert not (tmp_path / "cache").exists()


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match="dsa-1024"):
        certificate.make_key("dsa-1024")


def test_loading_kinds_does_not_load_the_cryptography() -> None:
    code = "import sys, parley.pki; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
