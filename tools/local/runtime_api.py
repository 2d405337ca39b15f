"""The Lambda Runtime API for the runtime client of one execution environment."""

import json
import sys
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from secrets import token_hex
from threading import Thread
from typing import Any, cast

RESPONSE_LIMIT_BYTES = 6_291_556  # 6 MB and a little, as Lambda's own error message has it
API = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Request:
    """One event for the function, and when Lambda will stop waiting for the answer."""

    request_id: str
    body: bytes
    function_arn: str
    deadline_ms: int  # since the epoch


@dataclass(frozen=True)
class Ready:
    """The runtime is initialised: it asked for its first event."""


@dataclass(frozen=True)
class RuntimeFailed:
    """The runtime cannot continue, and its process is about to end."""

    error: dict[str, Any]


@dataclass(frozen=True)
class Responded:
    body: bytes


@dataclass(frozen=True)
class HandlerFailed:
    error: dict[str, Any]


@dataclass(frozen=True)
class Exited:
    """The process has ended, with its exit code, or the negative number of the signal that ended it."""

    code: int


RuntimeEvent = Ready | RuntimeFailed | Responded | HandlerFailed | Exited


class RuntimeApi:
    """Serves one runtime client on its own port, because the client accepts a host and a port but no path.

    `events` receives the client's reports in their order.
    """

    def __init__(self, events: SimpleQueue[RuntimeEvent]) -> None:
        self.events = events
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._asked_before = False
        self._current: str | None = None
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        # A short poll interval, because closing waits for it.
        Thread(target=self._server.serve_forever, args=(0.1,), name="runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def offer(self, request: Request) -> None:
        """Give the request to the client as soon as it asks for one."""
        self._requests.put(request)

    def close(self) -> None:
        self._requests.put(None)
        self._server.shutdown()
        self._server.server_close()

    def next_request(self) -> Request | None:
        """Wait for the next request; None when the environment is closed."""
        if not self._asked_before:
            self._asked_before = True
            self.events.put(Ready())
        request = self._requests.get()
        self._current = request.request_id if request else None
        return request

    def finish(self, request_id: str, outcome: Responded | HandlerFailed | RuntimeFailed) -> bool:
        """Report the outcome of the current request; False if it is not the current one."""
        if request_id != self._current:
            return False
        self._current = None
        self.events.put(outcome)
        return True


class _Server(ThreadingHTTPServer):
    api: RuntimeApi
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that were killed in mid-request."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for the client's delayed ACK
    wbufsize = -1  # headers and body leave in one packet

    @property
    def api(self) -> RuntimeApi:
        return cast(_Server, self.server).api

    def do_GET(self) -> None:
        if self.path != f"{API}/invocation/next":
            return self._answer(404, _error("NotFound", self.path))
        request = self.api.next_request()
        if request is None:
            self.close_connection = True
            return
        self._answer(
            200,
            request.body,
            {
                "Lambda-Runtime-Aws-Request-Id": request.request_id,
                "Lambda-Runtime-Deadline-Ms": str(request.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": request.function_arn,
                "Lambda-Runtime-Trace-Id": _trace_id(),
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.path.removeprefix(f"{API}/").split("/"):
            case ["init", "error"]:
                self.api.events.put(RuntimeFailed(json.loads(body)))
                self._answer(202, b'{"status":"OK"}')
            case ["invocation", request_id, "response"] if len(body) > RESPONSE_LIMIT_BYTES:
                limit = f"maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)"
                error = _error("Function.ResponseSizeTooLarge", f"Response payload size exceeded {limit}.")
                self.api.finish(request_id, RuntimeFailed(json.loads(error)))
                self._answer(413, error)  # the runtime client does not survive this
            case ["invocation", request_id, "response"]:
                self._finish(request_id, Responded(body))
            case ["invocation", request_id, "error"]:
                self._finish(request_id, HandlerFailed(json.loads(body)))
            case _:
                self._answer(404, _error("NotFound", self.path))

    def _finish(self, request_id: str, outcome: Responded | HandlerFailed) -> None:
        if self.api.finish(request_id, outcome):
            self._answer(202, b'{"status":"OK"}')
        else:
            self._answer(400, _error("InvalidRequestID", "Invalid request ID"))

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep every request out of the standard error stream."""


def _error(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{token_hex(12)};Parent={token_hex(8)};Sampled=0"
