"""The client for producers and operators: sends texts, reads results, handles dead letters."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.delivery import NotSent
    from sentiment.producer import Producer, Rejected, SendFailed

__all__ = ["NotSent", "Producer", "Rejected", "SendFailed"]


def __getattr__(name: str) -> Any:
    """Load on demand: importing boto3 takes a moment, in which a command could not be interrupted cleanly."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sentiment import delivery, producer

    return getattr(delivery if name == "NotSent" else producer, name)
