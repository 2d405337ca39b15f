"""An HTTP proxy between the pipeline and its cloud, which records all calls and lets faults answer some."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from http.client import HTTPConnection, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self, cast

TARGET = "X-Amz-Target"  # of AWS's JSON protocols: DynamoDB_20120810.PutItem, AmazonSQS.ReceiveMessage
KEPT_HEADERS = ("content-type", "x-amzn-requestid", "x-amzn-query-error")  # the rest is about bytes and connections
UPSTREAM_TIMEOUT_S = 60


class Dropped(Exception):
    """The connection ends without an answer."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Call:
    """One AWS API call.

    Attributes:
        operation: such as PutItem.
        request: its parameters.
        forward: lets the cloud answer; at most once.
        weight: how many faults it counts for, if a fault answers it.
    """

    operation: str
    request: dict[str, Any]
    forward: Callable[[], Answer]
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call that the cloud has answered."""

    operation: str
    request: dict[str, Any]
    answer: Answer


class Proxy:
    """A proxy on loopback, as a context manager.

    Attributes:
        journal: the cloud's answers; writes to the table in its own order.

    Args:
        answer: answers a call; may raise Dropped.
    """

    def __init__(self, answer: Callable[[Call], Answer]) -> None:
        self.answer = answer
        self.journal: list[Exchange] = []
        self._one_write = Lock()
        self._upstream = ""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.1,), name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def in_front_of(self, url: str) -> str:
        """Forward to this URL from now on; returns the proxy's own."""
        self._upstream = url.removeprefix("http://")
        return f"http://127.0.0.1:{self._server.server_port}"

    def forward(self, operation: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with self._one_write if operation == "PutItem" else nullcontext():
            connection = HTTPConnection(self._upstream, timeout=UPSTREAM_TIMEOUT_S)
            try:
                connection.request("POST", path, body, dict(headers))
                response = connection.getresponse()
                kept = {name: value for name, value in response.getheaders() if name.lower() in KEPT_HEADERS}
                content = json.loads(response.read() or b"{}")
            finally:
                connection.close()
            answer = Answer(status=response.status, body=content, headers=kept)
            self.journal.append(Exchange(operation, json.loads(body), answer))
        return answer


class _Server(ThreadingHTTPServer):
    proxy: Proxy
    daemon_threads = True
    block_on_close = False  # hanging calls are part of the scenario
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that were killed in mid-request, and the cloud that ends with the scenario."""
        if not isinstance(sys.exception(), ConnectionError | IncompleteRead):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet

    def do_POST(self) -> None:
        proxy = cast(_Server, self.server).proxy
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the caller was killed in the middle of it
            self.close_connection = True
            return
        operation = self.headers.get(TARGET, "").rpartition(".")[2]
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        call = Call(
            operation=operation,
            request=json.loads(body),
            forward=lambda: proxy.forward(operation, self.path, headers, body),
        )
        try:
            answer = proxy.answer(call)
        except Dropped:
            self.close_connection = True
            return
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep every call out of the standard error stream."""
