"""Lambda's API in front of a local function: it runs invocations and lists the mapping; moto's server does the rest."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request, urlopen

from tests.waiting import HANG_S
from tools.local.lambda_service import Invocation
from tools.local.stack import LocalPipeline

VERSION = "7"  # the version that a local pipeline's alias serves


@contextmanager
def lambda_front(
    cloud_url: str, invoke: Callable[[str, bytes], tuple[str, Invocation]], enabled: Callable[[], bool]
) -> Iterator[str]:
    """Serve all services of a cloud at one endpoint; yields its URL.

    Args:
        invoke: runs a version or an alias (empty means $LATEST) on an event; returns the version that ran, too.
        enabled: whether the event source mapping is enabled.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):  # any method
                return self._handle
            raise AttributeError(name)

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = urlsplit(self.path)
            if path.path.endswith("/invocations") and "/functions/" in path.path:
                name = unquote(path.path.rpartition("/functions/")[2].removesuffix("/invocations"))
                of_arn = name.split(":")[7:] if name.startswith("arn:") else name.split(":")[1:]
                version, invocation = invoke([*parse_qs(path.query).get("Qualifier", of_arn), ""][0], body)
                headers = {"X-Amz-Executed-Version": version}
                if invocation.error:
                    headers["X-Amz-Function-Error"] = "Unhandled"
                self._answer(200, invocation.payload, headers)
            elif "/event-source-mappings" in path.path and self.command == "GET":
                state = "Enabled" if enabled() else "Disabled"
                self._answer(200, json.dumps({"EventSourceMappings": [{"State": state}]}).encode(), {})
            else:
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
                request = Request(cloud_url + self.path, body or None, headers, method=self.command)
                try:
                    with urlopen(request, timeout=HANG_S) as response:
                        self._answer(response.status, response.read(), dict(response.headers))
                except HTTPError as error:
                    self._answer(error.code, error.read(), dict(error.headers))

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def front_of(local: LocalPipeline) -> AbstractContextManager[str]:
    """An endpoint for a local pipeline; every invocation runs its version 7."""
    return lambda_front(
        local.cloud.url, lambda _, event: (VERSION, local.function.invoke(event)), lambda: local.mapping_config.enabled
    )
