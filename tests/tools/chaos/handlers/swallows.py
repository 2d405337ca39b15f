"""The deployed handler, broken: it drops the messages of one id and reports success."""

from typing import Any

from function.handler import handler as deployed

SWALLOWED = '"text-7"'


def handler(event: dict[str, Any], context: Any) -> Any:
    return deployed({"Records": [each for each in event["Records"] if SWALLOWED not in each["body"]]}, context)
