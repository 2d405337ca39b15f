"""The message contract as JSON Schema, for any language; sentiment_contract/messages.py is authoritative."""

import json
import sys
from typing import Any

from sentiment_contract.messages import MAX_ID_BYTES, MAX_ITEMS, MAX_TEXT_CHARS
from sentiment_contract.timestamps import (
    ALLOWED,
    EPOCH_MILLISECONDS_TO,
    EPOCH_SECONDS_FROM,
    ISO_8601,
    MAX_SKEW_MINUTES,
)

SPACES = "".join(filter(str.isspace, map(chr, range(sys.maxunicode))))  # explicit, because engines differ on \s
BEYOND = (
    f"Refused too, although JSON Schema cannot express it: an id of more than {MAX_ID_BYTES} bytes in UTF-8, strings "
    "with lone surrogates, a repeated key, dates that do not exist, are before 1970 or more than "
    f"{MAX_SKEW_MINUTES} minutes ahead, and a message of more than 1 MiB."
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
                "description": f"Key of the result. At most {MAX_ID_BYTES} bytes in UTF-8.",
            },
            "text": {
                "type": "string",
                "maxLength": MAX_TEXT_CHARS,
                "pattern": f"[^{SPACES}]",
                "description": "Text to classify; not only spaces.",
            },
            "timestamp": {
                "anyOf": [
                    # In some languages, $ also matches before a final newline.
                    {"type": "string", "pattern": f"^{ISO_8601}$", "not": {"type": "string", "pattern": "\n"}},
                    {"type": "number", "minimum": EPOCH_SECONDS_FROM, "maximum": EPOCH_MILLISECONDS_TO},
                    {"type": "null"},
                ],
                "description": f"When the text was created: {ALLOWED}. The newest result for an id wins.",
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
        "if": {"type": "object", "required": ["items"], "properties": {"items": True}},
        "then": {"type": "object", "properties": {"items": items}},
        "else": {"$ref": "#/$defs/item"},
        "$defs": {"item": item},
    }


def published() -> str:
    """The text of docs/message.schema.json."""
    return json.dumps(schema(), indent=2) + "\n"
