"""How far a file has been sent, kept beside it, so that a broken run goes on where it ended."""

import json
import zlib
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sentiment.errors import CommandError


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """
    Attributes:
        queue_url: where the texts went.
        started_at: of the first run, ISO 8601: it dates the texts, so that one that is sent twice counts once.
        records: settled, from the beginning of the file; all of them were sent or rejected.
        checksum: of these records, to notice a file that has changed.
        texts, rejected: among them.
    """

    queue_url: str
    started_at: str
    records: int = 0
    checksum: int = 0
    texts: int = 0
    rejected: int = 0

    @classmethod
    def begin(cls, queue_url: str) -> Self:
        return cls(queue_url=queue_url, started_at=datetime.now(UTC).isoformat())

    @classmethod
    def load(cls, path: Path, queue_url: str) -> Self | None:
        """The checkpoint of a run that was broken off; None if there is none.

        Raises:
            CommandError: it is no checkpoint, or one of another queue.
        """
        try:
            found = cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise CommandError(f"{path}: is no checkpoint; --restart sends the file from its beginning") from None
        if found.queue_url != queue_url:
            raise CommandError(
                f"{path}: the file was on its way to {found.queue_url}; --restart sends it all to {queue_url}"
            )
        return found

    def save(self, path: Path) -> None:
        """Atomically: a crash leaves the checkpoint before, or this one."""
        new = path.with_name(f"{path.name}.new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)

    def after(self, content: str, texts: int, rejected: int) -> Self:
        """The checkpoint with one more record settled."""
        return replace(
            self,
            records=self.records + 1,
            checksum=checksum(content, self.checksum),
            texts=self.texts + texts,
            rejected=self.rejected + rejected,
        )


def checksum(content: str, before: int) -> int:
    return zlib.crc32(content.encode(errors="surrogatepass"), before)
