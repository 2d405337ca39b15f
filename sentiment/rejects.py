"""The rejected records of a file: shows them with their lines, and saves them so that you can correct them."""

import json
from dataclasses import dataclass
from typing import IO

from rich.console import Console

from sentiment.record import Record
from sentiment_contract.messages import Fault

SHOWN = 20


@dataclass(kw_only=True)
class Rejects:
    """
    Attributes:
        console: shows the first ones.
        file: receives all of them as JSON lines; None for no file.
    """

    console: Console
    file: IO[str] | None
    count: int = 0

    def add(self, record: Record, fault: Fault) -> None:
        self.count += 1
        if self.count <= SHOWN:
            line = f"line {record.line}: {fault.code}: {fault.message}"
            self.console.print(line, style="red", markup=False, highlight=False)
        elif self.count == SHOWN + 1:
            all_in = f"{self.file.name} holds" if self.file else "--rejects FILE saves"
            self.console.print(f"more rejects are not shown; {all_in} all", style="red", markup=False, highlight=False)
        if self.file:
            entry = {"line": record.line, "code": fault.code, "error": fault.message, "content": record.content}
            self.file.write(json.dumps(entry) + "\n")
            self.file.flush()  # before the checkpoint counts the record as settled
