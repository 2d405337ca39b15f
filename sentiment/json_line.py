"""JSON that every program reads as one line, with characters unescaped wherever that is safe."""

import json
import re

# Characters that some programs read as line breaks, that SQS refuses, that look like a byte-order mark, or that UTF-8
# cannot encode.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def json_line(value: object) -> str:
    """A value as JSON without line breaks; unsafe characters, which can occur only in strings, are escaped."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
