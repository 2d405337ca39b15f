"""What a rollout and a rollback need of the world."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Clients:
    """boto3 clients, and how to wait and to speak."""

    cloudwatch: Any
    lambda_: Any
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = print
