"""Records how far a file has been sent, in a file beside it, so that an interrupted run can resume."""

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
        queue_url: the queue to which the texts went.
        started_at: start of the first run, ISO 8601; it dates the texts, so that one sent twice counts once.
        id_prefix: the first run's prefix for the ids of plain lines.
        records: number of settled records from the beginning of the file; all of them were sent or rejected.
        checksum: of these records, to detect that the file has changed.
        texts, rejected: their number among these records.
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
        """The checkpoint of an interrupted run; None if there is none, or it settled nothing.

        Raises:
            CommandError: the file is not a checkpoint, or belongs to another queue.
        """
        try:
            found = cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise CommandError(f"{path}: is not a checkpoint; --restart sends the file from its beginning") from None
        if not found.records:  # for example after a typo in the queue's URL
            return None
        if found.queue_url != queue_url:
            raise CommandError(
                f"{path}: the file was being sent to {found.queue_url}; --restart sends all of it to {queue_url}"
            )
        return found

    def save(self, path: Path) -> None:
        """Save atomically: a crash leaves the previous checkpoint or this one."""
        new = path.with_name(f"{path.name}.new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)

    def pass_over(self, source: Iterator[Record]) -> None:
        """Skip the settled records; CommandError if they have changed."""
        passed = replace(self, records=0, checksum=0)
        for record in islice(source, self.records):
            passed = passed.after(record, 0, 0)
        if passed != self:
            raise CommandError("the part already sent has changed; --restart sends the file from its beginning")

    def after(self, record: Record, texts: int, rejected: int) -> Self:
        """The checkpoint with one more record settled."""
        return replace(
            self,
            records=self.records + 1,
            checksum=zlib.crc32(record.content.encode(errors="surrogatepass"), self.checksum),
            texts=self.texts + texts,
            rejected=self.rejected + rejected,
        )
