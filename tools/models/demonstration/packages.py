"""Fetches by hash, and unpacks, the packages from which the demonstration model is built."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tools.project import ROOT

LOCK = ROOT / "locks" / "demonstration.txt"
AS_SOURCE = "vaderSentiment"  # its wheel lacks the texts


def fetch(folder: Path) -> Path:
    """Download the locked packages, if missing, and unpack the wheels; returns their folder."""
    unpacked = folder / "unpacked"
    done = unpacked / LOCK.name
    if done.is_file() and done.read_bytes() == LOCK.read_bytes():
        return unpacked
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--no-binary", AS_SOURCE, "-r", str(LOCK), "-d", str(folder)], check=True)
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as file:
            file.extractall(unpacked)
    done.write_bytes(LOCK.read_bytes())
    return unpacked
