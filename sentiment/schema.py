"""The message contract as JSON Schema, for producers in any language; function/messages.py is what decides."""

import json
import sys
from typing import Any

from function.messages import MAX_CLOCK_SKEW, MAX_ID_BYTES, MAX_ITEMS, MAX_TEXT_CHARS

SPACES = "".join(filter(str.isspace, map(chr, range(sys.maxunicode))))  # spelt out: engines differ in what \s means
ISO_8601 = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$"
BEYOND = (
    f"Beyond JSON Schema, and refused all the same: an id of more than {MAX_ID_BYTES} bytes in UTF-8, strings with "
    "lone surrogates, a key twice, dates that do not exist, are before 1970 or more than "
    f"{MAX_CLOCK_SKEW.total_seconds() / 60:.0f} minutes ahead, and a message of more than 1 MiB."
)


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of the body of a message: one text, or `items` with many."""
    item = {
        "type": "object",
        "required": ["id", "text"],
        "properties": {
            "id": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_ID_BYTES,
                "description": f"Results are kept by it. At most {MAX_ID_BYTES} bytes in UTF-8.",
            },
            "text": {
                "type": "string",
                "maxLength": MAX_TEXT_CHARS,
                "pattern": f"[^{SPACES}]",
                "description": "What to classify; not only spaces.",
            },
            "timestamp": {
                "anyOf": [{"type": "string", "pattern": ISO_8601}, {"type": "number", "minimum": 0}, {"type": "null"}],
                "description": "When it was made: ISO 8601 (UTC if without offset), or seconds or milliseconds since "
                "1970. The newest result of an id wins.",
            },
        },
    }
    items = {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": {"$ref": "#/$defs/item"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:sentiment-analyzer:message",
        "title": "A message for sentiment-analyzer",
        "$comment": BEYOND,
        "type": "object",
        "if": {"required": ["items"]},
        "then": {"properties": {"items": items}},
        "else": {"$ref": "#/$defs/item"},
        "$defs": {"item": item},
    }


def published() -> str:
    """The text of docs/message.schema.json."""
    return json.dumps(schema(), indent=2) + "\n"
