"""Brings a trained model to CI: packs it into one file, fetches it by a committed pointer, and checks its digest.

git ignores function/models/NAME. The committed function/models/NAME.json holds the URL of the folder's archive (in a
bucket or a release) and its digest, so that a commit pins the model that it deploys.
"""

import hashlib
import json
import shutil
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from typing import Annotated

import boto3
import typer

from function.manifest import Manifest, ModelError
from function.model_build.publish import publish, refuse_to_replace_other_than_models
from sentiment.cli import new_app, run
from sentiment.errors import CommandError
from tools.project import ROOT

MODELS = ROOT / "function" / "models"
PACKED = ROOT / "build" / "models"
SCHEMES = ("s3://", "https://", "http://127.0.0.1")  # the last for tests
SUFFIX = ".tar.gz"

app = new_app("Pack a model for CI, or fetch those that the checkout points to.")


@app.command()
def pack(
    model: Annotated[Path, typer.Argument(help="Folder in function/models.")],
    to: Annotated[str, typer.Argument(help="Where you will put the archive: a folder, s3://... or https://...")],
) -> None:
    """Pack a model into build/models, and write the pointer to its archive's future location."""
    if model.resolve().parent != MODELS.resolve():
        raise CommandError(f"MODEL: {model} must be a folder in {MODELS}")
    if not to.startswith(SCHEMES):
        raise CommandError(f"TO: {to!r} must begin with s3:// or https://")
    try:
        manifest = Manifest.read(model)
        manifest.check_digests(model)
    except ModelError as error:
        raise CommandError(f"MODEL: {error}") from error
    PACKED.mkdir(parents=True, exist_ok=True)
    archive = PACKED / f"{model.name}-{manifest.model_revision}{SUFFIX}"
    with tarfile.open(archive, "w:gz") as file:
        for path in sorted(path for path in model.iterdir() if path.is_file()):
            file.add(path, path.name)
    url = f"{to.rstrip('/')}/{archive.name}"
    pointer = MODELS / f"{model.name}.json"
    pointer.write_text(json.dumps({"archive": url, "sha256": _digest(archive)}, indent=2) + "\n", encoding="utf-8")
    _say(f"{archive.relative_to(ROOT)}: upload it to {url}, and commit {pointer.relative_to(ROOT)}")


@app.command()
def fetch() -> None:
    """Fetch each model that a pointer in function/models names, unless its folder exists and is complete."""
    for pointer in sorted(MODELS.glob("*.json")):
        folder = pointer.with_suffix("")
        try:
            wanted = json.loads(pointer.read_text(encoding="utf-8"))
            url, digest = str(wanted["archive"]), str(wanted["sha256"])
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{pointer}: must hold archive and sha256: {error!r}") from error
        fetched = folder / "fetched"  # the digest of the archive from which the folder was unpacked
        if fetched.is_file() and fetched.read_text() == digest:
            _say(f"{folder.relative_to(ROOT)} is there")
        elif folder.is_dir() and not fetched.is_file():
            _say(f"{folder.relative_to(ROOT)} was made here, and stays")
        else:
            _fetch(url, digest, folder)
            _say(f"{folder.relative_to(ROOT)}: from {url}")


def _fetch(url: str, digest: str, folder: Path) -> None:
    refuse_to_replace_other_than_models(folder)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=MODELS) as temporary:
        archive, model = Path(temporary, "archive"), Path(temporary, "model")
        _download(url, archive)
        if (found := _digest(archive)) != digest:
            raise CommandError(f"{url} has the SHA-256 {found}, and {folder.name}.json says {digest}")
        with tarfile.open(archive) as file:
            file.extractall(model, filter="data")
        try:
            Manifest.read(model).check_digests(model)
        except ModelError as error:
            raise CommandError(f"{url}: {error}") from error
        (model / "fetched").write_text(digest)
        publish(model, folder)


def _download(url: str, path: Path) -> None:
    if not url.startswith(SCHEMES):
        raise CommandError(f"archive: {url!r} must begin with s3:// or https://")
    if url.startswith("s3://"):
        bucket, _, key = url.removeprefix("s3://").partition("/")
        boto3.client("s3").download_file(bucket, key, str(path))
        return
    with urllib.request.urlopen(url, timeout=60) as answer, path.open("wb") as file:
        shutil.copyfileobj(answer, file)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    return run(app, "python -m tools.models.archive")


if __name__ == "__main__":
    sys.exit(main())
