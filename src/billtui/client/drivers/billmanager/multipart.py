"""Forms with files (``multipart/form-data``), as bytes (wire: BILLmanager 2, 13.2)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from billtui.client.drivers.billmanager.memory import HeldFile
from billtui.client.exchange import Upload

_UNSAFE = re.compile(r'["\\\r\n\x00]')


def multipart(fields: Sequence[tuple[str, str]], files: Sequence[HeldFile]) -> Upload:
    """One body of ``fields`` and of ``files`` as ``file_1``, ``file_2`` … Its boundary stands in none of them."""
    seed = hashlib.sha256(repr([(name, len(value)) for name, value in fields]).encode())
    boundary = f"billtui-{seed.hexdigest()[:32]}"
    everything = [value.encode() for _, value in fields] + [one.data for one in files]
    while any(boundary.encode() in part for part in everything):
        boundary = f"billtui-{hashlib.sha256(boundary.encode()).hexdigest()[:32]}"
    parts: list[bytes] = []
    for name, value in fields:
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for number, one in enumerate(files, start=1):
        name = _UNSAFE.sub("_", one.name)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file_{number}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        parts += [head.encode(), one.data, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return Upload(b"".join(parts), f"multipart/form-data; boundary={boundary}")
