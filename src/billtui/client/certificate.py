"""The certificate that a panel shows, looked at without trusting it, for a person to compare; nothing is sent."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from billtui.client.errors import ConfigurationProblem, NotSent
from billtui.client.reasons import causes, reason
from billtui.client.settings import Address, ConnectionSettings

LARGEST_ANSWER = 16 * 1024
"""Most bytes of a proxy's answer to CONNECT."""


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """What a certificate says of itself; texts are cleaned for the terminal, and nobody has vouched for them."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """Hosts that it is made for."""
    begins: datetime
    ends: datetime
    self_signed: bool
    fingerprint: str
    """SHA-256, 64 hexadecimal digits in small letters: what a profile pins."""

    @property
    def grouped(self) -> str:
        """The fingerprint as other programs print it: ``AB:CD:…``."""
        digits = self.fingerprint.upper()
        return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


async def look_at_certificate(settings: ConnectionSettings) -> SeenCertificate:
    """Connect, take the certificate, hang up: no byte of a request leaves, whatever the certificate is.

    Raises NotSent where there is no certificate to be had, ConfigurationProblem.
    """
    address = settings.address()
    if address.scheme != "https":
        raise ConfigurationProblem("There is no certificate on http:// addresses.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is only looked at: the connection ends before anything is said
    try:
        async with asyncio.timeout(settings.connect_timeout):
            writer = await _connect(settings, address, context)
    except (OSError, TimeoutError, EOFError) as error:
        why = reason(causes(error))
        raise NotSent(f"{address.place} shows no certificate: {why}.", "Check address and proxy.") from None
    try:
        raw = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if not raw:
        raise NotSent(f"{address.place} shows no certificate.", "Check the address.")
    return read_certificate(raw)


async def _connect(settings: ConnectionSettings, address: Address, context: ssl.SSLContext) -> asyncio.StreamWriter:
    port = address.port or 443
    if settings.proxy is None or address.loopback:
        _, writer = await asyncio.open_connection(address.host, port, ssl=context, server_hostname=address.host)
        return writer
    proxy = urlsplit(settings.proxy)
    if proxy.scheme != "http":
        raise ConfigurationProblem(
            "Through an https:// proxy the certificate cannot be shown here.",
            "Get its fingerprint from the panel's administrator.",
        )
    reader, writer = await asyncio.open_connection(proxy.hostname or "", proxy.port or 80, limit=LARGEST_ANSWER)
    try:
        host = f"[{address.host}]:{port}" if ":" in address.host else f"{address.host}:{port}"
        writer.write(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("ascii"))
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise ConnectionError from None
        if answer.split(b" ", 2)[1:2] != [b"200"]:
            raise NotSent("The proxy refused the connection to the panel.", "Check proxy and address.")
        await writer.start_tls(context, server_hostname=address.host)
    except BaseException:
        writer.transport.abort()
        raise
    return writer


def read_certificate(raw: bytes) -> SeenCertificate:
    """A certificate in DER. Raises NotSent where it is none."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    from billtui.domain.safetext import clean

    def named(name: x509.Name) -> str:
        wanted = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        found = [str(part.value) for oid in wanted for part in name.get_attributes_for_oid(oid)]
        return clean(", ".join(found) or name.rfc4514_string() or "nobody named", max_length=120)

    try:
        found = x509.load_der_x509_certificate(raw)
        subject, issuer = found.subject, found.issuer
        begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    except ValueError:
        raise NotSent("The panel's certificate cannot be read.", "Ask its administrator.") from None
    names: list[str] = []
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*extension.get_values_for_type(x509.DNSName)]
        names += [str(one) for one in extension.get_values_for_type(x509.IPAddress)]
    except (x509.ExtensionNotFound, ValueError):
        pass
    return SeenCertificate(
        subject=named(subject),
        issuer=named(issuer),
        names=tuple(clean(name, max_length=80) for name in names[:20]),
        begins=begins.astimezone(UTC),
        ends=ends.astimezone(UTC),
        self_signed=subject == issuer,
        fingerprint=hashlib.sha256(raw).hexdigest(),
    )
