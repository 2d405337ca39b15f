"""Helpers for the tests of the local Lambda: a configuration for each handler, and a check for live processes."""

import os
from pathlib import Path
from typing import Any

from tests.waiting import HANG_S
from tools.local.function_config import FunctionConfig

HANDLERS = Path(__file__).parent / "handlers"
ARN = "arn:aws:lambda:us-west-2:123456789012:function:probe:live"


def function_config(handler: str, **changes: Any) -> FunctionConfig:
    return FunctionConfig(
        **{
            "name": "probe",
            "arn": ARN,
            "version": "7",
            "handler": handler,
            "task_root": HANDLERS,
            "memory_mb": 512,
            "timeout_s": HANG_S,
            "environment": {"COLOUR": "green"},
            "credentials": {
                "AWS_ACCESS_KEY_ID": "the role's",
                "AWS_SECRET_ACCESS_KEY": "the role's secret",
                "AWS_SESSION_TOKEN": "the role's token",
            },
            "region": "us-west-2",
            "endpoint_url": "http://127.0.0.1:1",
            "log_group": "probe-logs",
            **changes,
        }
    )


def running(pid: int) -> bool:
    """Whether a process is alive; a zombie is not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
