"""`train`: the command and its options."""

from pathlib import Path
from typing import Annotated

import typer

from sentiment.cli import new_app, run


def train(
    *,
    data: Annotated[Path, typer.Option(help="CSV file of labelled texts.")],
    base: Annotated[str, typer.Option(help="Classifier or encoder to start from: a folder or a hub id.")],
    revision: Annotated[str | None, typer.Option(help="Commit of a hub model.")] = None,
    name: Annotated[str | None, typer.Option(help="Folder in function/models; default: the data file's name.")] = None,
    held_out: Annotated[
        Path | None, typer.Option(help="CSV file to evaluate on; default: a held-out part of the data.")
    ] = None,
    held_out_percent: Annotated[float, typer.Option(min=1, max=50, help="Share of the data to hold out.")] = 10,
    text_column: Annotated[str, typer.Option(help="CSV column that holds the text.")] = "text",
    label_column: Annotated[str, typer.Option(help="CSV column that holds the label.")] = "label",
    delimiter: Annotated[str, typer.Option(help="Delimiter of the CSV file.")] = ",",
    epochs: Annotated[float, typer.Option(min=0.01, help="Passes over the data.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Texts per step.")] = 32,
    learning_rate: Annotated[float, typer.Option(min=1e-7, max=1, help="Peak learning rate.")] = 5e-5,
    max_tokens: Annotated[int, typer.Option(min=0, help="Maximum tokens in training; 0: the model's limit.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model on the same machine.")] = 1,
    backend: Annotated[str, typer.Option(help="onnx or torch.")] = "onnx",
) -> None:
    """Fine-tune a model on labelled texts, build it for the function, and evaluate it on held-out texts."""
    from tools.models.labelled import read, split  # these load the function's libraries
    from tools.models.train.fine_tune import Recipe
    from tools.models.train.run import train as trained

    columns = {"text_column": text_column, "label_column": label_column, "delimiter": delimiter}
    texts = read(data, **columns)
    kept, judged = (texts, read(held_out, **columns)) if held_out else split(texts, held_out_percent / 100)
    trained(
        kept,
        judged,
        data=data,
        base=base,
        revision=revision,
        name=name or data.stem,
        recipe=Recipe(
            epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, max_tokens=max_tokens, seed=seed
        ),
        backend=backend,
    )


def main() -> int:
    app = new_app()
    app.command()(train)
    return run(app, "python -m tools.models.train")
