"""A handler that does what its event requests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    match event["do"]:
        case "answer":
            return event["with"]
        case "answer at length":
            return "x" * event["length"]
        case "tell":
            return {
                "request_id": context.aws_request_id,
                "function_arn": context.invoked_function_arn,
                "remaining_ms": context.get_remaining_time_in_millis(),
                "variables": dict(os.environ),
                "folder": os.getcwd(),
                "pid": os.getpid(),
            }
        case "say":
            print(event["text"])  # noqa: T201 - a function's log
            return None
        case "sleep":
            print("asleep", os.getpid())  # noqa: T201 - a function's log
            time.sleep(event["seconds"])
        case "meet":  # waits until `count` invocations each have a file in the folder
            began = time.monotonic()
            (place := Path(event["folder"], context.aws_request_id)).touch()
            while len(list(place.parent.iterdir())) < event["count"]:
                time.sleep(0.02)
            return {"pid": os.getpid(), "began": began, "ended": time.monotonic()}
        case "raise":
            raise LookupError(event["message"])
        case "exit":
            os._exit(event["code"])
        case "kill yourself":
            os.kill(os.getpid(), signal.SIGKILL)
        case "start a child":
            return {"pid": subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid}
