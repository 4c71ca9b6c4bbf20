"""Who the panel is, by certificate: always checked, never by way of the environment."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from pathlib import Path

from billtui.client.errors import CertificateReason, ConfigurationProblem

PINNED = "fingerprint"
"""What the error says first whose certificate is not the pinned one."""

_REASONS = {
    2: CertificateReason.UNKNOWN_AUTHORITY,
    9: CertificateReason.NOT_YET_VALID,
    10: CertificateReason.EXPIRED,
    18: CertificateReason.SELF_SIGNED,
    19: CertificateReason.UNKNOWN_AUTHORITY,
    20: CertificateReason.UNKNOWN_AUTHORITY,
    21: CertificateReason.UNKNOWN_AUTHORITY,
    62: CertificateReason.WRONG_NAME,
    64: CertificateReason.WRONG_NAME,
}
"""OpenSSL's X509_V_ERR_… that a person can do something about."""


def certificate_reason(error: ssl.SSLCertVerificationError) -> CertificateReason:
    """Why a certificate was not accepted."""
    if error.args[:1] == (PINNED,):
        return CertificateReason.NOT_PINNED
    return _REASONS.get(getattr(error, "verify_code", 0), CertificateReason.OTHER)


def client_context(ca_file: Path | None, fingerprint: bytes | None) -> ssl.SSLContext:
    """A TLS context, shared by all connections to one panel.

    With ``fingerprint`` (SHA-256 of the certificate) that one certificate is trusted and no other; with ``ca_file``
    that authority; else the system's, and where the system has none, those that come with the HTTP library.
    ``SSL_CERT_FILE``, ``SSL_CERT_DIR`` and ``SSLKEYLOGFILE`` are not looked at. Raises :class:`ConfigurationProblem`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if fingerprint is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # replaced by a stricter test, before the first byte is sent
        context.sslobject_class = _pinned(fingerprint)
        return context
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError):
            raise ConfigurationProblem(
                f"The file of authorities {ca_file} cannot be read as PEM. Correct ca_file."
            ) from None
        return context
    _load_system(context)
    return context


def proxy_context(proxy: str) -> ssl.SSLContext | None:
    """A context for an ``https://`` proxy, checked against the system's authorities."""
    return client_context(None, None) if proxy.startswith("https://") else None


def _load_system(context: ssl.SSLContext) -> None:
    paths = ssl.get_default_verify_paths()  # cafile and capath follow the environment, the openssl_ ones do not
    for cafile in (paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"):
        if cafile and Path(cafile).is_file():
            context.load_verify_locations(cafile=cafile)
            return
    if paths.openssl_capath and any(Path(paths.openssl_capath).glob("*.0")):
        context.load_verify_locations(capath=paths.openssl_capath)
        return
    import certifi

    context.load_verify_locations(cafile=certifi.where())


def _pinned(fingerprint: bytes) -> type[ssl.SSLObject]:
    class PinnedConnection(ssl.SSLObject):
        """A connection that ends its handshake only if the certificate is the pinned one."""

        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = self.getpeercert(binary_form=True) or b""
            if not hmac.compare_digest(hashlib.sha256(certificate).digest(), fingerprint):
                error = ssl.SSLCertVerificationError(PINNED)
                error.verify_message = "its certificate is not the one pinned in the profile"
                raise error

    return PinnedConnection
