"""The build gets a hub model from a mirror that requires a token, as with modelHubUrl and `make image --hf-token`."""

import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from function.manifest import Manifest
from tests.tiny_model import TINY_DISAGREEMENT
from tests.waiting import HANG_S
from tools.project import ROOT

pytestmark = pytest.mark.slow(reason="builds a model with torch")

MODEL, COMMIT, TOKEN = "owner/tiny", "714eb0fa89d2f80546fda750413ed43d93601a13", "hf_of_the_test"


def xet(digest: str) -> dict[str, str]:
    """Headers that a mirror passes on from the hub: they point a client to a storage that only the hub's own has."""
    return {"X-Xet-Hash": digest, "X-Xet-Refresh-Route": "http://127.0.0.1:1/nowhere"}


def dockerfile_sets() -> dict[str, str]:
    """The build's own variables where it has a mirror."""
    return dict(re.findall(r'(\w+)="\$\{HF_ENDPOINT:\+(\w+)\}"', (ROOT / "function" / "Dockerfile").read_text()))


@pytest.fixture
def mirror(tiny_source: Path) -> Iterator[str]:
    """URL of a mirror that serves one model's files as the hub does, to clients that send the token."""

    class Mirror(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            path, found = self.path.partition("?")[0], b""
            file = tiny_source / path.rpartition("/")[2]
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, headers = 401, {"X-Error-Code": "GatedRepo"}
            elif path.startswith(f"/{MODEL}/resolve/{COMMIT}/") and file.is_file():
                found = file.read_bytes()
                digest = hashlib.sha256(found).hexdigest()
                status, headers = 200, {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT, **xet(digest)}
            else:
                status, headers = 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(found))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(found)

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("token", [TOKEN, None])
def test_only_a_build_with_the_token_gets_a_model_from_the_mirror(
    mirror: str, tmp_path: Path, token: str | None
) -> None:
    home = tmp_path / "home"
    if token:
        (home / ".cache/huggingface").mkdir(parents=True)
        (home / ".cache/huggingface/token").write_text(token)  # where the Dockerfile mounts the secret
    given = ["--model", MODEL, "--revision", COMMIT, "--backend", "onnx", "--output", str(tmp_path / "built")]
    build = subprocess.run(
        [sys.executable, "-m", "function.build_model", *given, "--max-disagreement", str(TINY_DISAGREEMENT)],
        cwd=ROOT,
        env={**os.environ, "HF_ENDPOINT": mirror, "HOME": str(home), "HF_HUB_OFFLINE": "0", **dockerfile_sets()},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    if token:
        assert build.returncode == 0, build.stderr
        assert Manifest.read(tmp_path / "built").model_revision == COMMIT
    else:
        assert build.returncode != 0
        assert MODEL in build.stderr
        assert not (tmp_path / "built").exists()
