"""The clients that a rollout and a rollback use."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Clients:
    """boto3 clients, and functions that wait and print."""

    cloudwatch: Any
    lambda_: Any
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = print
