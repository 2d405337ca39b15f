"""Client of the sentiment service: sends texts, reads results, handles dead letters."""

from sentiment.delivery import NotSent
from sentiment.producer import Producer, Rejected, SendFailed

__all__ = ["NotSent", "Producer", "Rejected", "SendFailed"]
