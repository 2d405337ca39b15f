"""A consumer of SQS messages that does what each body requests, and logs the records as received."""

import json
import os
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    print(json.dumps(event))  # noqa: T201 - a function's log
    failed = []
    for record in event["Records"]:
        wish = record["body"]
        first = record["attributes"]["ApproximateReceiveCount"] == "1"
        if wish == "always fail" or (wish == "fail at first" and first):
            failed.append({"itemIdentifier": record["messageId"]})
        elif wish == "crash at first" and first:
            os._exit(1)
        elif wish == "hang at first" and first:
            time.sleep(60)
    return {"batchItemFailures": failed}
