"""Makes nouns agree with numbers."""


def counted(count: int, noun: str) -> str:
    """`1 text`, `2,000 texts`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
