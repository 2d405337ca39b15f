"""Records how far a stream has been handled, in a file that outlives the program."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

KEPT_S = 24 * 3600  # by DynamoDB, for every record of a stream
WRITTEN_S = 60  # at least this often while nothing arrives


class Stopped(Exception):
    """The stream cannot be read further; the message says what to do."""


@dataclass
class Reached:
    """The progress in one shard.

    Attributes:
        number: sequence number of the last record handled; empty if there is none.
        at: everything before this time (seconds since 1970) is handled.
        ended: whether the whole shard is handled and no more records will arrive.
    """

    number: str = ""
    at: float = 0
    ended: bool = False


@dataclass
class Checkpoint:
    """
    Attributes:
        stream: its ARN.
        shards: progress by shard id; a missing shard was never read.
    """

    path: Path
    stream: str
    shards: dict[str, Reached] = field(default_factory=dict)
    clock: Callable[[], float] = time.time

    def read(self) -> None:
        """
        Raises:
            Stopped: the file belongs to another stream, or is so old that the stream has lost records since.
        """
        if not self.path.exists():
            return
        try:
            kept = json.loads(self.path.read_text())
            stream, self.shards = kept["stream"], {name: Reached(**each) for name, each in kept["shards"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Stopped(f"{self.path}: is not a checkpoint ({error!r}); delete it to start over") from error
        if stream != self.stream:
            raise Stopped(
                f"{self.path}: belongs to the stream {stream}, not to {self.stream}. A table gets a new stream when "
                "you switch it on again. Delete the file to begin with the oldest record of this one"
            )
        newest = max((each.at for each in self.shards.values()), default=self.clock())
        self.check_kept(newest, "The stream")

    def check_kept(self, at: float, what: str) -> None:
        """
        Raises:
            Stopped: DynamoDB may have deleted records since that time.
        """
        if self.clock() - at > KEPT_S:
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
            raise Stopped(self.gone(f"{what} was read up to {when}"))

    def gone(self, why: str) -> str:
        return (
            f"{why}, and DynamoDB keeps a record for 24 hours: some may be gone. Read the results since then from the "
            f"table, and delete {self.path} to continue with the oldest remaining record"
        )

    def reach(self, shard: str, number: str, at: float, *, ended: bool = False) -> None:
        """Record progress, unless nothing arrived and the file is recent enough."""
        before = self.shards.get(shard, Reached())
        if number or ended or at - before.at >= WRITTEN_S:
            self.shards[shard] = Reached(number or before.number, at, ended)
            self._write()

    def forget_all_but(self, shards: set[str]) -> None:
        """Drop other shards: those that DynamoDB no longer lists ended, and lost their records, a day ago."""
        self.shards = {name: each for name, each in self.shards.items() if name in shards}

    def _write(self) -> None:
        """Write atomically: the file is always complete, either the old or the new one."""
        new = self.path.with_name(self.path.name + ".new")
        shards = {name: asdict(each) for name, each in self.shards.items()}
        new.write_text(json.dumps({"stream": self.stream, "shards": shards}))
        new.replace(self.path)
