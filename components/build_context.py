"""Stages the image's build context: only the files that the image needs, the same from every checkout of a commit.

The Docker provider hashes the path, mode and content of every file in the context, and pushes again when one changes.
A folder of the checkout would add the umask, stray files and models that the image does not serve.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from function.manifest import MANIFEST_FILE, Manifest

STAGED = Path("build/image")  # one folder per tag; the program runs in the project's root
STAGED_TAGS = 5  # keep the newest ones: another stack's preview may be reading one
DOCKERFILE = "function/Dockerfile"
CODE = ("function/*.py", "sentiment_contract/*.py")
MODEL_BUILD = ("function/model_build/*.py", "function/model_build/*.txt", "function/requirements-build.txt")


def context_files(backend: str, model_dir: str | None) -> dict[str, Path]:
    """The files of the context by their path in it, which is their path in the checkout.

    Args:
        backend: onnx or torch; decides which requirements the image installs.
        model_dir: folder of a built model; None for a hub model, which the image build converts.

    Raises:
        ModelError: the folder does not hold a built model.
    """
    patterns = [DOCKERFILE, *CODE, f"function/requirements-{backend}.txt", "function/torch.txt"]
    if model_dir is None:
        patterns += MODEL_BUILD
    else:
        patterns += [f"{model_dir}/{name}" for name in (MANIFEST_FILE, *Manifest.read(Path(model_dir)).files)]
    return {path.as_posix(): path for pattern in patterns for path in sorted(Path().glob(pattern))}


def content_tag(files: Mapping[str, Path], settings: object) -> str:
    """A hash (16 hex digits) of the context's paths and contents, and of the other settings that affect the image."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name in sorted(files):
        digest.update(f"{name} {hashlib.sha256(files[name].read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def stage(files: Mapping[str, Path], tag: str) -> str:
    """Copy the files to a folder for that tag, with fixed modes; returns its path.

    A folder that exists is complete, because a rename creates it.
    """
    folder = STAGED / tag
    if not folder.is_dir():
        STAGED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=STAGED) as temporary:
            for name, source in files.items():
                _copy(source, Path(temporary, "context", PurePosixPath(name)), Path(temporary))
            try:
                Path(temporary, "context").rename(folder)
            except OSError:  # another run was faster
                if not folder.is_dir():
                    raise
    _forget_older(folder)
    return f"./{folder.as_posix()}"


def _copy(source: Path, target: Path, root: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for parent in target.relative_to(root).parents:
        (root / parent).chmod(0o755)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _forget_older(current: Path) -> None:
    current.touch()
    staged = sorted(STAGED.glob("[!.]*"), key=lambda path: path.stat().st_mtime)
    for old in staged[:-STAGED_TAGS]:
        shutil.rmtree(old, ignore_errors=True)
