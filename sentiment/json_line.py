"""JSON in one line that any program takes for one line, its characters as they are wherever that is safe."""

import json
import re

# Ends of lines to some programs, refused by SQS, taken for a byte-order mark, or not to be written as UTF-8.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def json_line(value: object) -> str:
    """A value as JSON without an end of a line; unsafe characters, which can only stand in strings, are escaped."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
