"""The project file, Pulumi.yaml: the only place that defines the project's name and its configuration keys."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]


def project_file() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))


def project_name() -> str:
    return project_file()["name"]


def schema() -> dict[str, dict[str, Any]]:
    """The typed configuration keys: key -> {type, default, description}."""
    return {key: spec for key, spec in project_file()["config"].items() if "type" in spec}
