"""Stacks of the tests' own, so that a commit to a user's stack file changes no test's outcome."""

from pathlib import Path

DEV, PROD, STRICT = (Path(__file__).parent / f"{name}.yaml" for name in ("dev", "prod", "strict"))
