"""Puts a finished model folder in its place in one move (build time only)."""

import os
import shutil
from pathlib import Path

from function.manifest import MANIFEST_FILE


def refuse_to_replace_other_than_models(output: Path) -> None:
    """OSError if something other than a model folder, or an empty one, stands where the output shall be."""
    if output.exists() and not (output.is_dir() and (not any(output.iterdir()) or (output / MANIFEST_FILE).exists())):
        raise FileExistsError(f"{output} exists and is no model folder: it is left alone")


def publish(folder: Path, output: Path) -> None:
    """Moves `folder` to `output`, which lies on the same file system, in place of an earlier model there."""
    folder.chmod(0o755)  # Lambda reads the image as another, unprivileged user, and safetensors writes mode 600
    for path in folder.iterdir():
        path.chmod(0o644)
    earlier = folder.with_name("earlier")
    if output.exists():
        os.replace(output, earlier)
    os.replace(folder, output)
    shutil.rmtree(earlier, ignore_errors=True)
