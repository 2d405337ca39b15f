"""Moves a finished model folder into place in one step (build time only)."""

import os
import shutil
from pathlib import Path

from function.manifest import MANIFEST_FILE


def refuse_to_replace_other_than_models(output: Path) -> None:
    """OSError if `output` exists and is neither a model folder nor empty."""
    if output.exists() and not (output.is_dir() and (not any(output.iterdir()) or (output / MANIFEST_FILE).exists())):
        raise FileExistsError(f"{output} exists and is not a model folder: it is left unchanged")


def publish(folder: Path, output: Path) -> None:
    """Moves `folder` to `output` on the same file system, replacing an earlier model there."""
    folder.chmod(0o755)  # Lambda reads the image as another, unprivileged user, and safetensors writes mode 600
    for path in folder.iterdir():
        path.chmod(0o644)
    earlier = folder.with_name("earlier")
    if output.exists():
        os.replace(output, earlier)
    os.replace(folder, output)
    shutil.rmtree(earlier, ignore_errors=True)
