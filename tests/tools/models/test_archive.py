"""Models that git ignores reach CI: packed here, uploaded to a bucket or a release, fetched there by a pointer."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.build_context import context_files
from function.manifest import Manifest
from sentiment.errors import CommandError
from tools.local.cloud import Cloud
from tools.models import archive
from tools.project import ROOT


@pytest.fixture
def checkout(onnx_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout for this test alone, with a model that was made there."""
    monkeypatch.setattr(archive, "ROOT", tmp_path)
    monkeypatch.setattr(archive, "MODELS", tmp_path / "function" / "models")
    monkeypatch.setattr(archive, "PACKED", tmp_path / "build" / "models")
    shutil.copytree(onnx_model, tmp_path / "function" / "models" / "mood")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def release(tmp_path: Path) -> Iterator[str]:
    """A server for the folder of packed models."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "build" / "models"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def packed(checkout: Path, to: str) -> Path:
    """Pack the model and delete its folder, as in a fresh clone; return the archive."""
    folder = checkout / "function" / "models" / "mood"
    archive.pack(folder, to)
    shutil.rmtree(folder)
    (file,) = (checkout / "build" / "models").iterdir()
    return file


def test_git_ignores_a_model_folder_but_not_its_pointer() -> None:
    paths = ["function/models/mood/model.onnx.data", "function/models/mood.json", "function/models/demo/NOTICE"]
    ignored = subprocess.run(["git", "check-ignore", *paths], cwd=ROOT, capture_output=True, text=True)
    if "not a git repository" in ignored.stderr:
        pytest.skip("this is not a checkout")
    assert ignored.stdout.splitlines() == paths[:1]


def test_a_model_fetched_from_a_release_is_whole_and_enters_the_image(
    checkout: Path, release: str, onnx_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed(checkout, release)
    archive.fetch()
    folder = checkout / "function" / "models" / "mood"
    Manifest.read(folder).check_digests(folder)
    assert Manifest.read(folder) == Manifest.read(onnx_model)
    assert "function/models/mood/model.onnx.data" in context_files("onnx", "function/models/mood")
    assert f"function/models/mood: from {release}/mood-" in capsys.readouterr().out
    archive.fetch()
    assert capsys.readouterr().out == "function/models/mood is there\n"


def test_a_model_is_fetched_from_a_bucket(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = packed(checkout, "s3://models-of-ours/moods")
    with Cloud("us-west-2") as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="models-of-ours", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.upload_file(str(file), "models-of-ours", f"moods/{file.name}")
        monkeypatch.setattr(archive.boto3, "client", cloud.client)
        archive.fetch()
    folder = checkout / "function" / "models" / "mood"
    Manifest.read(folder).check_digests(folder)


def test_an_archive_with_a_wrong_digest_is_refused_and_leaves_nothing(checkout: Path, release: str) -> None:
    file = packed(checkout, release)
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(CommandError, match=r"has the SHA-256 \w+, and mood.json says \w+"):
        archive.fetch()
    assert [path.name for path in (checkout / "function" / "models").iterdir()] == ["mood.json"]


def test_a_model_that_was_made_here_is_not_replaced(
    checkout: Path, release: str, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.pack(checkout / "function" / "models" / "mood", release)
    capsys.readouterr()
    archive.fetch()
    assert capsys.readouterr().out == "function/models/mood was made here, and stays\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{}", "must hold archive and sha256"),
        ("[]", "must hold archive and sha256"),
        (json.dumps({"archive": "ftp://x/y", "sha256": "0"}), "'ftp://x/y' must begin with s3:// or https://"),
    ],
)
def test_an_invalid_pointer_is_refused_with_the_reason(checkout: Path, content: str, says: str) -> None:
    (checkout / "function" / "models" / "other.json").write_text(content)
    with pytest.raises(CommandError, match=says):
        archive.fetch()


def test_pack_refuses_a_foreign_folder_a_bad_destination_and_a_damaged_model(checkout: Path) -> None:
    folder = checkout / "function" / "models" / "mood"
    with pytest.raises(CommandError, match="must be a folder in"):
        archive.pack(checkout / "elsewhere", "s3://x")
    with pytest.raises(CommandError, match="'/home/x' must begin with"):
        archive.pack(folder, "/home/x")
    (folder / "model.onnx.data").write_bytes(b"")
    with pytest.raises(CommandError, match="is damaged"):
        archive.pack(folder, "s3://x")
