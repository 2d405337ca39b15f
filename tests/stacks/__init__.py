"""The tests' own stacks, so that a commit to a user's stack file cannot affect a test."""

from pathlib import Path

DEV, PROD, STRICT = (Path(__file__).parent / f"{name}.yaml" for name in ("dev", "prod", "strict"))
