"""A session bus with a Secret Service on it, of every temper: what keyring's backend talks to, spoken over a socket.

It is bus and service in one, so no daemon is needed; D-Bus messages are read and made by jeepney, which keyring's own
library (SecretStorage) uses as well.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from jeepney import DBusAddress, Message, MessageType, new_error, new_method_return, new_signal
from jeepney.low_level import HeaderFields, Parser

Manner = Literal["works", "no service", "locked", "silent prompter", "silent", "dies", "mute", "slams"]
"""``silent``: the service holds its name and answers nothing. ``dies``: it is gone in the middle of a question.
``mute``: the bus takes the connection and says nothing at all. ``slams``: the bus closes it at once."""

COLLECTION = "/org/freedesktop/secrets/aliases/default"
PROMPT = "/org/freedesktop/secrets/prompt/1"
SESSION = "/org/freedesktop/secrets/session/1"
_NOT_SUPPORTED = "org.freedesktop.DBus.Error.NotSupported"


class SecretService:
    """``with SecretService("locked") as service``: set ``service.address`` as DBUS_SESSION_BUS_ADDRESS."""

    def __init__(self, manner: Manner) -> None:
        self.manner: Manner = manner
        self.items: dict[str, bytes] = {}
        """What is kept, by the attributes it was kept under."""
        self.calls: list[str] = []
        """Every method that was called, in order."""
        self.connections = 0
        self.open_connections = 0
        self._folder = Path(tempfile.mkdtemp(prefix="bus-"))  # short: a socket's path may have 107 characters
        self.path = self._folder / "bus"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.path))
        self._listening.listen(8)
        self._lines: list[socket.socket] = []

    @property
    def address(self) -> str:
        """The address of the bus."""
        return f"unix:path={self.path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listening, *self._lines):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                self.connections += 1
                self._lines.append(line)
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        self.open_connections += 1
        with contextlib.suppress(OSError):
            if self.manner == "slams":
                line.close()
            elif self.manner == "mute":
                while line.recv(4096):
                    pass
            else:
                self._talk(line)
        self.open_connections -= 1

    def _talk(self, line: socket.socket) -> None:
        parser = Parser()
        parser.add_data(_authenticate(line))
        while True:
            while (message := parser.get_next_message()) is not None:
                if message.header.message_type is MessageType.method_call and not self._answer(line, message):
                    line.close()
                    return
            data = line.recv(65536)
            if not data:
                return
            parser.add_data(data)

    def _answer(self, line: socket.socket, message: Message) -> bool:
        """Answer one call; whether the line stays."""
        fields = message.header.fields
        fields[HeaderFields.sender] = ":1.7"
        member = str(fields[HeaderFields.member])
        ours = str(fields.get(HeaderFields.destination)) == "org.freedesktop.secrets"
        if ours:
            self.calls.append(member)
        if ours and self.manner == "silent":
            return True
        if ours and self.manner == "dies" and member == "SearchItems":
            return False
        for answer in self._service(message, member) if ours else [_bus(message, member, self.manner)]:
            line.sendall(answer.serialise(serial=next(_SERIALS)))
        return True

    def _service(self, message: Message, member: str) -> list[Message]:
        body: Any = message.body
        path = str(message.header.fields[HeaderFields.path])
        locked = self.manner in ("locked", "silent prompter")
        match member:
            case "Get":
                known = {"Label": ("s", "Default"), "Locked": ("b", locked), "Attributes": ("a{ss}", {})}
                return [new_method_return(message, "v", (known[body[1]],))]
            case "Unlock":
                return [new_method_return(message, "aoo", ([], PROMPT) if locked else (body[0], "/"))]
            case "Prompt" if self.manner == "silent prompter":
                return [new_method_return(message)]
            case "Prompt":
                prompt = DBusAddress(PROMPT, "org.freedesktop.secrets", "org.freedesktop.Secret.Prompt")
                return [new_method_return(message), new_signal(prompt, "Completed", "bv", (True, ("ao", [])))]
            case "OpenSession" if body[0] != "plain":
                return [new_error(message, _NOT_SUPPORTED)]
            case "OpenSession":
                return [new_method_return(message, "vo", (("s", ""), SESSION))]
            case "SearchItems":
                found = [_item(key) for key in self.items if key == body[0]["username"]]
                return [new_method_return(message, "ao", (found,))]
            case "CreateItem":
                key = body[0]["org.freedesktop.Secret.Item.Attributes"][1]["username"]
                self.items[key] = bytes(body[1][2])
                return [new_method_return(message, "oo", (_item(key), "/"))]
            case "GetSecret":
                secret = next(value for key, value in self.items.items() if _item(key) == path)
                return [new_method_return(message, "(oayays)", ((SESSION, b"", secret, "text/plain"),))]
            case "Delete":
                self.items = {key: value for key, value in self.items.items() if _item(key) != path}
                return [new_method_return(message, "o", ("/",))]
        return [new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")]


def _serials() -> Any:
    number = 0
    while True:
        number += 1
        yield number


_SERIALS = _serials()


def _item(key: str) -> str:
    return f"{COLLECTION}/{key.encode().hex()}"


def _bus(message: Message, member: str, manner: Manner) -> Message:
    match member:
        case "Hello":
            return new_method_return(message, "s", (":1.7",))
        case "NameHasOwner":
            return new_method_return(message, "b", (manner != "no service",))
        case "ListActivatableNames":
            return new_method_return(message, "as", ([],))
        case "AddMatch" | "RemoveMatch":
            return new_method_return(message)
    return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")


def _authenticate(line: socket.socket) -> bytes:
    """The conversation before the messages; what came of these already."""
    data = b""
    while b"BEGIN\r\n" not in data:
        chunk = line.recv(4096)
        if not chunk:
            raise OSError
        data += chunk
        if b"AUTH EXTERNAL" in chunk:
            line.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
        if b"NEGOTIATE_UNIX_FD" in chunk:
            line.sendall(b"AGREE_UNIX_FD\r\n")
    return data.split(b"BEGIN\r\n", 1)[1]
