"""Names that the client's tests share."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billtui.client import BillingClient

TOKEN = "canary-token-7f3a91"
Connect = Callable[..., BillingClient]


@dataclass
class Certificate:
    """A certificate, and a server that shows it."""

    file: Path
    """Itself, which is its own authority too unless somebody else signed it."""
    fingerprint: str
    server: ssl.SSLContext
    key: ec.EllipticCurvePrivateKey
    made: x509.Certificate


def make_certificate(
    folder: Path,
    host: str,
    *,
    begins: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=1),
    signed_by: Certificate | None = None,
) -> Certificate:
    """A certificate for ``host``, self-signed unless ``signed_by`` another one; valid from and to around now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if signed_by is None else signed_by.made.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=signed_by is None, path_length=None), critical=True)
        .sign(key if signed_by is None else signed_by.key, hashes.SHA256())
    )
    file = folder / f"{host.replace(' ', '-')}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    both = folder / f"{file.stem}-with-key.pem"
    both.write_bytes(private + file.read_bytes())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(both)
    return Certificate(file, made.fingerprint(hashes.SHA256()).hex(), server, key, made)
