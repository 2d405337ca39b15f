"""A saved and edited file of dead letters, checked before anything of it is sent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sentiment.errors import CommandError
from sentiment_contract.messages import parse_body


@dataclass(frozen=True, kw_only=True)
class Edited:
    """
    Attributes:
        line: in the file.
        message_id: of the dead letter.
        body: what to send instead.
        faults: why the function would refuse it again; empty where it would not.
    """

    line: int
    message_id: str
    body: str
    faults: tuple[str, ...]


def edited(path: Path) -> Iterator[Edited]:
    """The lines of a file that `dlq save` wrote; CommandError if a line is none of these."""
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip():
            continue
        try:
            saved = json.loads(text)
            message_id, body = saved["message_id"], saved["body"]
        except (ValueError, KeyError, TypeError):
            raise CommandError(f"{path}: line {line}: is no dead letter; must hold message_id and body") from None
        # A body is a string, but whoever edits it may well turn it into the JSON that it holds.
        body = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        _, faults = parse_body(body, datetime.now(UTC))
        yield Edited(line=line, message_id=message_id, body=body, faults=tuple(fault.message for fault in faults))
