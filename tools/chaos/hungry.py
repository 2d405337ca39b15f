"""Wraps the deployed handler; certain messages make it exhaust the memory."""

from typing import Any

from function.handler import handler as deployed
from tools.chaos.messages import HUNGRY

CHUNK_BYTES = 16 * 1024 * 1024


def handler(event: dict[str, Any], context: Any) -> Any:
    """The first delivery of such a message exhausts the memory before its batch is processed, the second afterwards."""
    times = {int(r["attributes"]["ApproximateReceiveCount"]) for r in event.get("Records", []) if HUNGRY in r["body"]}
    if 1 in times:
        _take_all()
    answer = deployed(event, context)
    if 2 in times:
        _take_all()
    return answer


def _take_all() -> None:
    taken = []
    while True:
        taken.append(bytearray(CHUNK_BYTES))  # zeros are written, so the pages are really taken
