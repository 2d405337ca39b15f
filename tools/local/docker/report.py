"""Reports the figures of the images, as tables and as JSON."""

import json
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from tools import pages
from tools.local.docker.container import MB
from tools.local.docker.measure import Run
from tools.local.program import ROOT

REPORT = ROOT / "build" / "image.json"
ROWS = {  # name in the file: (title, unit, divisor)
    "compressed_bytes": ("image in the registry, compressed", "MB", MB),
    "code_bytes": ("of which the last layer, the code", "kB", 2**10),
    "uncompressed_bytes": ("image unpacked", "MB", MB),
    "base_bytes": ("of which the base", "MB", MB),
    "context_bytes": ("build context", "MB", MB),
    "init_s": ("init, with the container's start", "s", 1),
    "init_one_cpu_s": ("the same with one CPU", "s", 1),
    "first_s": ("first batch of 10 mixed texts", "s", 1),
    "later_s": ("later batches, median", "s", 1),
    "longest_s": ("batch of 10 texts of 512 tokens", "s", 1),
    "peak_bytes": ("peak memory", "MB", MB),
}


@dataclass
class Report:
    """Figures by image and name, and their targets; MB are 2**20 bytes."""

    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, image: str, **figures: float) -> None:
        self.figures.setdefault(image, {}).update(figures)

    def add_run(self, image: str, run: Run) -> None:
        self.add(image, **{name: value for name, value in vars(run).items() if name in ROWS})

    def write(self) -> None:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(json.dumps(vars(self), indent=2) + "\n")
        if pages.updating():
            pages.write(self.blocks())

    def blocks(self) -> dict[str, str]:
        """The blocks for docs/performance.md and README.

        Raises:
            KeyError: the full-size image was not measured.
        """
        here, found = pages.measured_here(), self.figures["full-size model"]
        compressed, peak = (self._cell(found[name], *ROWS[name][1:]) for name in ("compressed_bytes", "peak_bytes"))
        return {
            "image": f"{here}. MB are 2^20 bytes.\n\n{pages.markdown(self.table())}",
            "image-figure": f"{compressed} compressed, {peak} of memory at its peak ({here.partition(',')[0]})",
        }

    def show(self, console: Console) -> None:
        console.print(self.table(), *self.notes, sep="\n")

    def table(self) -> Table:
        table = Table(title="Images", title_justify="left")
        table.add_column("")
        for heading in [*self.figures, *(["target"] if self.targets else [])]:
            table.add_column(heading, justify="right")
        for name, (title, unit, divisor) in ROWS.items():
            cells = [self._cell(figures.get(name), unit, divisor) for figures in self.figures.values()]
            target = f"at most {self._cell(self.targets[name], unit, divisor)}" if name in self.targets else ""
            if any(cells):
                table.add_row(title, *cells, *([target] if self.targets else []))
        return table

    @staticmethod
    def _cell(value: float | None, unit: str, divisor: int) -> str:
        if value is None:
            return ""
        return f"{value / divisor:.2f} {unit}" if value / divisor < 10 else f"{value / divisor:.0f} {unit}"
