"""The project as Pulumi.yaml describes it."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]


def project_file() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text())


PROJECT: str = project_file()["name"]  # the prefix of its configuration keys, and of its resources' names
