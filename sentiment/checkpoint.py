"""How far a file has been sent, kept beside it, so that a broken run goes on where it ended."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Self

from sentiment.errors import CommandError
from sentiment.record import Record


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """
    Attributes:
        queue_url: where the texts went.
        started_at: of the first run, ISO 8601: it dates the texts, so that one that is sent twice counts once.
        id_prefix: of plain lines, as the first run called them.
        records: settled, from the beginning of the file; all of them were sent or rejected.
        checksum: of these records, to notice a file that has changed.
        texts, rejected: among them.
    """

    queue_url: str
    started_at: str
    id_prefix: str = ""
    records: int = 0
    checksum: int = 0
    texts: int = 0
    rejected: int = 0

    @classmethod
    def begin(cls, queue_url: str, id_prefix: str = "") -> Self:
        return cls(queue_url=queue_url, started_at=datetime.now(UTC).isoformat(), id_prefix=id_prefix)

    @classmethod
    def load(cls, path: Path, queue_url: str) -> Self | None:
        """The checkpoint of a run that was broken off; None if there is none, or nothing was settled.

        Raises:
            CommandError: it is no checkpoint, or one of another queue.
        """
        try:
            found = cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise CommandError(f"{path}: is no checkpoint; --restart sends the file from its beginning") from None
        if not found.records:  # such as after a typo in the queue's URL
            return None
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

    def pass_over(self, source: Iterator[Record]) -> None:
        """Read what is settled; CommandError if it is not what it was."""
        passed = replace(self, records=0, checksum=0)
        for record in islice(source, self.records):
            passed = passed.after(record, 0, 0)
        if passed != self:
            raise CommandError("the file has changed where it was sent already; --restart sends it from its beginning")

    def after(self, record: Record, texts: int, rejected: int) -> Self:
        """The checkpoint with one more record settled."""
        return replace(
            self,
            records=self.records + 1,
            checksum=zlib.crc32(record.content.encode(errors="surrogatepass"), self.checksum),
            texts=self.texts + texts,
            rejected=self.rejected + rejected,
        )
