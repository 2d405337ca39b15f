"""Build secrets: the build uses a package index that requires a password, and the image keeps no trace of it."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pip._internal.models.index import PyPI

from tests.tools.local.docker.images import Built
from tools.local.docker.base import base_image
from tools.local.docker.build import build
from tools.local.docker.engine import DockerError, Engine

USER, PASSWORD = "ci", "correct-horse-battery-staple"
ALLOWED = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Index(BaseHTTPRequestHandler):
    """Redirects clients that send the password to the public index."""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == ALLOWED:
            self.send_response(302)
            self.send_header("Location", f"{PyPI.simple_url}{self.path}")
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=index")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def index() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def netrc(tmp_path: Path) -> Path:
    file = tmp_path / "netrc"
    file.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    return file


def test_the_build_uses_a_password_and_the_image_keeps_no_trace(
    engine: Engine, demo: Built, index: str, netrc: Path, tmp_path: Path
) -> None:
    name = f"{demo.registered['imageName']}-secret"
    registered = demo.registered["build"]
    given = {**registered, "args": {**registered["args"], "PIP_INDEX_URL": index}}
    with pytest.raises(DockerError, match=r"401 Client Error|No matching distribution"):
        build(engine, name, given, base_image(engine))

    build(engine, name, given, base_image(engine), secrets={"netrc": netrc})
    archive = tmp_path / "image.tar"
    engine.run("save", "--output", str(archive), name)
    history = engine.run("history", "--no-trunc", name) + engine.run("image", "inspect", name)
    kept = archive.read_bytes()
    assert index in history  # Docker records build arguments, so it would record a password there
    for secret in (PASSWORD, ALLOWED.removeprefix("Basic ")):
        assert secret not in history
        assert secret.encode() not in kept
