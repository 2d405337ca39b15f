"""`evaluate`: the command and its options."""

from pathlib import Path
from typing import Annotated

import typer

from sentiment.cli import new_app, run


def evaluate(
    *,
    data: Annotated[Path, typer.Option(help="CSV file of labelled texts.")],
    model: Annotated[Path, typer.Option(help="Folder that function/build_model.py built.")],
    source: Annotated[
        str | None,
        typer.Option(help="Folder or hub id of the fp32 model to compare with; default: that of `make train`."),
    ] = None,
    text_column: Annotated[str, typer.Option(help="CSV column that holds the text.")] = "text",
    label_column: Annotated[str, typer.Option(help="CSV column that holds the label.")] = "label",
    delimiter: Annotated[str, typer.Option(help="Delimiter of the CSV file.")] = ",",
    rename: Annotated[
        list[str] | None, typer.Option(help="FILE=MODEL: the model's name for a label in the file; repeatable.")
    ] = None,
    mistakes: Annotated[Path, typer.Option(help="CSV file to write all mistakes to.")] = Path("build/mistakes.csv"),
    show: Annotated[int, typer.Option(min=0, help="Mistakes to show on the screen.")] = 10,
) -> None:
    """Evaluate a built model on labelled texts, as the function would classify them."""
    from tools.models.evaluate.report import evaluate as evaluated  # these load the function's libraries
    from tools.models.labelled import read

    texts = read(data, text_column=text_column, label_column=label_column, delimiter=delimiter)
    evaluated(texts, model, source=source, rename=rename or [], mistakes=mistakes, show=show)


def main() -> int:
    app = new_app()
    app.command()(evaluate)
    return run(app, "python -m tools.models.evaluate")
