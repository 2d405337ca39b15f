"""What producers and operators run: send texts, read results, deal with dead letters."""

from sentiment.delivery import NotSent
from sentiment.producer import Producer, Rejected, SendFailed

__all__ = ["NotSent", "Producer", "Rejected", "SendFailed"]
