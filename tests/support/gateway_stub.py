"""A RootPanel gateway made of a few lines: it counts what it is asked, and may be as slow as a real one."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

KEY = "K-EXAMPLE"
LOGIN = "demo"


class GatewayStub:
    """``with GatewayStub() as gateway``: balance and orders, at ``gateway.url``."""

    def __init__(self, *, seconds: float = 0.0, orders: int = 3) -> None:
        """``seconds`` passes before each answer."""
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.balance = "100.00"
        self.orders: list[dict[str, str]] = [
            {"orderid": str(number), "domain": f"web-{number}.example", "status": "active", "price": "5.00",
             "todate": f"2030-01-{number:02}", "osname": "Debian"}
            for number in range(1, orders + 1)
        ]  # fmt: skip
        self._seconds = seconds
        self._lock = threading.Lock()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # the name is http.server's
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = json.dumps(
                    stub._answer({name: values[-1] for name, values in parse_qs(body).items()})
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/my/apih.php"

    def _answer(self, form: dict[str, str]) -> dict[str, Any]:
        with self._lock:
            self.asked[form.get("command", "")] += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self._seconds)
        with self._lock:
            self.at_once -= 1
        if (form.get("login"), form.get("apikey"), form.get("json")) != (LOGIN, KEY, "1"):
            return {"status": "ERROR", "errorCode": "1", "errorMsg": "Неверный ключ"}
        match form["command"]:
            case "getBalance":
                return {"status": "SUCCESS", "balance": self.balance, "currency": "EUR"}
            case "getOrders":
                wanted = form.get("orderid")
                return {"status": "SUCCESS", "list": [one for one in self.orders if wanted in (None, one["orderid"])]}
            case "getTarifs":
                return {"status": "SUCCESS", "tarifs": {}}
            case _:
                return {"status": "ERROR", "errorCode": "9", "errorMsg": "Нет"}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_gone: object) -> None:
        self._server.shutdown()
        self._server.server_close()
