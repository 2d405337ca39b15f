"""What producers and operators use: send texts, read results, deal with dead letters."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.delivery import NotSent
    from sentiment.producer import Producer, Rejected, SendFailed

__all__ = ["NotSent", "Producer", "Rejected", "SendFailed"]


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: boto3 takes a moment, in which the command could not be interrupted neatly."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sentiment import delivery, producer

    return getattr(delivery if name == "NotSent" else producer, name)
