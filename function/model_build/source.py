"""Loads the fp32 model that a build starts from, or says why it cannot be served (build time only: imports torch)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import tokenizers
import torch
from transformers import (
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
)
from transformers import PreTrainedModel as Model
from transformers import PreTrainedTokenizerBase as Tokenizer
from transformers.utils import (
    SAFE_WEIGHTS_INDEX_NAME,
    SAFE_WEIGHTS_NAME,
    WEIGHTS_INDEX_NAME,
    WEIGHTS_NAME,
    cached_file,
)

from function.known_texts import KNOWN_TEXTS
from function.manifest import sha256 as digest_of

UNLIMITED = 10**30  # tokens: transformers' value for a tokenizer that states no limit
LFS = b"version https://git-lfs"
SHOWN_TOKENS = 6
NAMED = 3  # the most tensors or tokens that a message lists

Size = Sequence[int]


class UnsuitableModel(Exception):
    """The checkpoint cannot be served; the message says why and, if possible, what would help."""


@dataclass(frozen=True)
class Source:
    """`model` is in fp32 whatever its checkpoint's precision; `labels` are in the order of its outputs; `max_tokens`
    includes the special tokens."""

    model: Model
    tokenizer: Tokenizer
    labels: tuple[str, ...]
    max_tokens: int


def load_source(name: str, revision: str | None, backend: str) -> Source:
    """The model in a local folder, or of a hub id at a revision; UnsuitableModel if it cannot be loaded, or served by
    the backend."""
    pinned = {"revision": revision, "trust_remote_code": False}
    try:
        if Path(name).is_dir():
            _check_files(Path(name))
        config = AutoConfig.from_pretrained(name, **pinned)
        _check_kind(config)
        labels = _labels(config)
        tokenizer = load_tokenizer(name, revision)
        # We report mismatches ourselves; transformers would advise an option that we do not have.
        model, found = AutoModelForSequenceClassification.from_pretrained(
            name, config=config, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True, **pinned
        )
        _check_weights(model, found["missing_keys"], found["mismatched_keys"])
        _check_tokens(model, tokenizer, backend)
        return Source(model.eval(), tokenizer, labels, _max_tokens(model, tokenizer))
    except UnsuitableModel as refusal:
        raise UnsuitableModel(f"{name} cannot be served: {refusal}") from None
    except Exception as error:  # transformers and its libraries raise nearly every type for an incomplete folder
        if "trust_remote_code" in str(error):
            raise UnsuitableModel(f"{name} cannot be served: it needs code of its own, which we do not run") from error
        raise UnsuitableModel(f"{name} cannot be loaded: {' '.join(str(error).split())}") from error


def load_tokenizer(name: str, revision: str | None) -> Tokenizer:
    """UnsuitableModel if this needs a package that we lack, or gives other tokens than the model was trained with."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
    except Exception as error:
        if "tiktoken" not in str(error):  # transformers' last resort for a sentencepiece model
            raise
        raise UnsuitableModel(
            "its tokenizer is a sentencepiece model without tokenizer.json: where the package sentencepiece is "
            "installed, load it with transformers' AutoTokenizer, and save_pretrained writes that file"
        ) from error
    _check_own_tokens(name, revision, tokenizer)
    return tokenizer


def _check_own_tokens(name: str, revision: str | None, tokenizer: Tokenizer) -> None:
    """UnsuitableModel if transformers gives other tokens than the checkpoint's own tokenizer.json.

    transformers 5 takes only the vocabulary from that file, and the rest from the class that tokenizer_config.json
    names or the kind of model implies. If they do not fit, it silently computes nonsense.
    """
    file = cached_file(name, "tokenizer.json", revision=revision, _raise_exceptions_for_missing_entries=False)
    if file is None:
        return
    own = tokenizers.Tokenizer.from_file(file)
    own.no_truncation()
    own.no_padding()
    for text in KNOWN_TEXTS:
        ours, theirs = own.encode(text), tokenizer(text)["input_ids"]
        if ours.ids != theirs:
            read = tokenizer.convert_ids_to_tokens(theirs)
            raise UnsuitableModel(
                f"transformers reads its tokenizer.json as {type(tokenizer).__name__}, which gives other tokens: "
                f"{read[:SHOWN_TOKENS]} instead of {ours.tokens[:SHOWN_TOKENS]}, and so on; set tokenizer_class in "
                "tokenizer_config.json to the class it was trained with, or to TokenizersBackend for tokenizer.json as "
                "it is (and do_lower_case to what it does)"
            )


def revision_of(folder: Path) -> str:
    """A digest, 12 hex digits, of the weights that transformers loads from a local folder."""
    files = _weights(folder)
    digests = [digest_of(file) for file in files]
    return (digests[0] if len(files) == 1 else sha256("".join(digests).encode()).hexdigest())[:12]


def _weights(folder: Path) -> list[Path]:
    """The files from which transformers loads the weights: whole ones before shards, safetensors before pickles."""
    for whole, index in ((SAFE_WEIGHTS_NAME, SAFE_WEIGHTS_INDEX_NAME), (WEIGHTS_NAME, WEIGHTS_INDEX_NAME)):
        if (folder / whole).exists():
            return [folder / whole]
        if (folder / index).exists():
            return sorted(
                {folder / shard for shard in json.loads((folder / index).read_bytes())["weight_map"].values()}
            )
    raise UnsuitableModel(f"it holds neither {SAFE_WEIGHTS_NAME} nor {WEIGHTS_NAME}, whole or in shards")


def _check_files(folder: Path) -> None:
    if not (folder / "config.json").exists():
        if not (folder / "adapter_config.json").exists():
            raise UnsuitableModel("it has no config.json, so transformers did not save it")
        raise UnsuitableModel(
            "it is an adapter without its model: merge the two (peft's merge_and_unload) and save the result"
        )
    for file in _weights(folder):
        with file.open("rb") as content:
            if content.read(len(LFS)) == LFS:
                raise UnsuitableModel(f"{file.name} is a Git LFS pointer to the weights: git lfs pull fetches them")


def _check_kind(config: PreTrainedConfig) -> None:
    if type(config) not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING:
        raise UnsuitableModel(f"transformers has no text classifier of model_type {config.model_type!r}")
    if getattr(config, "quantization_config", None):
        raise UnsuitableModel("its weights are already quantised: use those in fp32 or half precision")


def positions(model: Model) -> int:
    """The number of tokens for which the model has positions; UNLIMITED if it sets no limit.

    RoBERTa-like models count from the row after the padding's: 514 rows are for 512 tokens.
    """
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(part, torch.nn.Embedding):
            return part.num_embeddings - (0 if part.padding_idx is None else part.padding_idx + 1)
    stated = getattr(model.config, "max_position_embeddings", -1)  # for models without a table; XLNet says -1
    return stated if stated > 0 else UNLIMITED


def _labels(config: PreTrainedConfig) -> tuple[str, ...]:
    """The names of the outputs; each text gets exactly one."""
    if config.problem_type == "multi_label_classification":
        raise UnsuitableModel(
            "problem_type is multi_label_classification: any number of its labels may apply to a text, but a result "
            "holds exactly one"
        )
    names = {int(index): name for index, name in (config.id2label or {}).items()}
    if config.problem_type == "regression" or len(names) < 2:
        raise UnsuitableModel(
            f"problem_type is {config.problem_type} with {len(names)} output(s): it gives numbers, but a result holds "
            "a label; a classifier has two or more outputs, named in id2label of its config.json"
        )
    if sorted(names) != list(range(len(names))) or not all(isinstance(name, str) for name in names.values()):
        raise UnsuitableModel(f"id2label is {names}: it must name the outputs 0 to {len(names) - 1}")
    return tuple(names[index] for index in range(len(names)))


def _check_weights(model: Model, missing: Collection[str], mismatched: Collection[tuple[str, Size, Size]]) -> None:
    if mismatched:
        shapes = [f"{name} is {tuple(found)} for {tuple(expected)}" for name, found, expected in mismatched]
        raise UnsuitableModel(f"the shapes of its weights do not match its config.json: {_some(shapes)}")
    if missing:
        inside = [name for name in missing if name.startswith(f"{model.base_model_prefix}.")]
        raise UnsuitableModel(
            f"its weights lack {'a part of the model' if inside else 'the classification head'} ({_some(missing)}), "
            f"which would be random: fine-tune it as a text classifier ({type(model).__name__}) and save all of it"
        )
    if broken := [name for name, tensor in model.state_dict().items() if not torch.isfinite(tensor).all()]:
        raise UnsuitableModel(f"its weights are not finite: {_some(broken)}")


def _check_tokens(model: Model, tokenizer: Tokenizer, backend: str) -> None:
    rows, tokens = len(model.get_input_embeddings().get_parameter("weight")), tokenizer.get_vocab()
    if tokens.keys() <= set(tokenizer.all_special_tokens):  # transformers makes such a one if there is no tokenizer
        raise UnsuitableModel("it has no tokenizer with words: save the one it was trained with beside the weights")
    if beyond := [token for token, number in tokens.items() if number >= rows]:
        raise UnsuitableModel(
            f"its tokenizer has {len(beyond)} token(s) beyond the {rows} rows of its embedding ({_some(beyond)}): use "
            "the tokenizer it was trained with"
        )
    if backend == "onnx" and getattr(tokenizer, "backend_tokenizer", None) is None:
        raise UnsuitableModel(
            f"its tokenizer ({type(tokenizer).__name__}) cannot be saved as tokenizer.json; backend torch supports it"
        )
    if backend == "torch" and None in (tokenizer.pad_token_id, model.config.pad_token_id):
        raise UnsuitableModel(
            "it has no padding token, which a batch of texts of different lengths needs: set pad_token in its "
            "tokenizer_config.json and pad_token_id in its config.json (usually the eos token's)"
        )


def _max_tokens(model: Model, tokenizer: Tokenizer) -> int:
    limit = min(positions(model), tokenizer.model_max_length)
    if limit >= UNLIMITED:
        raise UnsuitableModel(
            "neither max_position_embeddings in its config.json nor model_max_length in its tokenizer_config.json says "
            "how many tokens it takes: set model_max_length to what it was trained with"
        )
    return limit


def _some(names: Collection[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(sorted(names)[:NAMED]) + more
