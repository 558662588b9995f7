"""X.509 certificates and revocation lists as IKE daemons want them (RFC 5280, RFC 4945).

Slow to load: import it where certificates are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

# A comment that everybody may ignore (Netscape's certificate extensions): makes a certificate large.
_COMMENT = x509.ObjectIdentifier("2.16.840.1.113730.1.13")
_IA5_STRING = 0x16

_PEM = Encoding.PEM


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a certificate is valid, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(_PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key, PKCS #8, in clear."""
        return self.key.private_bytes(_PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public_pem(self) -> bytes:
        """The public key, SubjectPublicKeyInfo."""
        return self.key.public_key().public_bytes(_PEM, PublicFormat.SubjectPublicKeyInfo)

    def pkcs12(self, name: str, password: str, others: Sequence[x509.Certificate] = ()) -> bytes:
        """The key, its certificate and `others` for import with pk12util, under the nickname `name`.

        PBES2 with AES-256 and HMAC-SHA-256: what pk12util of NSS 3.110 reads and strongSwan and OpenSSL do.
        """
        encryption = (
            PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(2048)  # the key beside it lies there in clear
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .hmac_hash(hashes.SHA256())
            .build(password.encode())
        )
        return pkcs12.serialize_key_and_certificates(
            name.encode(), self.key, self.certificate, list(others) or None, encryption
        )


def make_key(algorithm: str) -> PrivateKey:
    """A new private key: rsa-BITS, ecdsa-256, ecdsa-384 or ed25519."""
    family, _, size = algorithm.partition("-")
    if family == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=int(size))
    if family == "ecdsa":
        return ec.generate_private_key({"256": ec.SECP256R1(), "384": ec.SECP384R1()}[size])
    if family == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f"no key algorithm: {algorithm}")


def self_signed(name: str, key: PrivateKey, validity: Validity) -> Identity:
    """A certification authority that vouches for itself; one more may stand between it and hosts."""
    builder = _authority(_builder(_name(name), _name(name), key, validity), key, path_length=1)
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = builder.add_extension(authority_id, critical=False)
    return Identity(builder.sign(key, _hash(key)), key)


def subordinate(issuer: Identity, name: str, key: PrivateKey, validity: Validity) -> Identity:
    """An intermediate authority, which may issue for hosts only."""
    builder = _authority(_issued(issuer, name, key, validity), key, path_length=0)
    return Identity(builder.sign(issuer.key, _hash(issuer.key)), key)


def for_host(
    issuer: Identity, host: str, key: PrivateKey, validity: Validity, *, comment_length: int = 0
) -> Identity:
    """A host's certificate: its only alternative name is its own, the identity FQDN/`host`.

    OpenIKED wants that name to equal the IKE identity. `comment_length` bytes of comment are added.
    """
    builder = (
        _issued(issuer, host, key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(enciphers=isinstance(key, rsa.RSAPrivateKey)), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if comment_length:
        builder = builder.add_extension(_comment(comment_length), critical=False)
    return Identity(builder.sign(issuer.key, _hash(issuer.key)), key)


def revocation_list(
    issuer: Identity, revoked: Iterable[x509.Certificate], validity: Validity
) -> x509.CertificateRevocationList:
    """A list that revokes certificates of `issuer`."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(validity.start)
        .next_update(validity.end)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(_authority_id(issuer), critical=False)
    )
    for certificate in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(validity.start).build())
    return builder.sign(issuer.key, _hash(issuer.key))


def crl_pem(revocations: x509.CertificateRevocationList) -> bytes:
    """A revocation list as PEM."""
    return revocations.public_bytes(Encoding.PEM)


def crl_der(revocations: x509.CertificateRevocationList) -> bytes:
    """A revocation list as DER."""
    return revocations.public_bytes(Encoding.DER)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Parley"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
    )


def _issued(issuer: Identity, name: str, key: PrivateKey, validity: Validity) -> x509.CertificateBuilder:
    builder = _builder(_name(name), issuer.certificate.subject, key, validity)
    return builder.add_extension(_authority_id(issuer), critical=False)


def _authority(
    builder: x509.CertificateBuilder, key: PrivateKey, *, path_length: int
) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority_id(issuer: Identity) -> x509.AuthorityKeyIdentifier:
    subject_id = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_id.value)


def _key_usage(*, signs_certificates: bool = False, enciphers: bool = False) -> x509.KeyUsage:
    # RFC 4945, section 5.1.3.2: a certificate for IKE has digitalSignature or nonRepudiation. NSS finds an
    # RSA key without keyEncipherment unfit for a server.
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=enciphers,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _comment(length: int) -> x509.UnrecognizedExtension:
    text = b"Large on purpose: fragments IKE_AUTH. " * (length // 38 + 1)
    header = bytes([_IA5_STRING, 0x82]) + length.to_bytes(2, "big")  # X.690, 8.1.3.5: two octets of length
    return x509.UnrecognizedExtension(_COMMENT, header + text[:length])


def _hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | None:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    large = isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256  # noqa: PLR2004 -- RFC 4754
    return hashes.SHA384() if large else hashes.SHA256()
