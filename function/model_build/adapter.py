"""Translates a checkpoint's weights into the graph's names (build time only).

DistilBERT, BERT (including MiniLM), RoBERTa, XLM-RoBERTa and CamemBERT compute the same layers under different names,
with three differences. BERT-like models add token type 0 to every token; we add it to the positions. RoBERTa-like
models count positions from the row after the padding's; we drop the rows before. Each head has its own activation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from transformers import PretrainedConfig, PreTrainedModel

from function.manifest import Shape
from function.model_build.source import UnsuitableModel, positions

Array = np.ndarray

BETWEEN = {"distilbert": "Relu", "bert": "Tanh", "roberta": "Tanh", "xlm-roberta": "Tanh", "camembert": "Tanh"}
DISTILBERT_EPSILON = 1e-12  # its layers hold it as a constant
POSITIONS = "embeddings.position_embeddings.weight"
TOKEN_TYPES = "embeddings.token_type_embeddings.weight"
# The names of BERT-like models -> DistilBERT's, which (without the model's prefix) are the graph's. The order matters:
# earlier ones contain later ones.
RENAMED = {
    "encoder.layer": "transformer.layer",
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
    "pooler.dense": "pre_classifier",
    "classifier.dense": "pre_classifier",
    "classifier.out_proj": "classifier",
}


@dataclass(frozen=True)
class Encoder:
    """A classifier's weights and settings, as the graph needs them.

    Attributes:
        weights: fp32, by DistilBERT's names without its prefix.
        epsilon: the epsilon of every norm.
        between: the ONNX operator between the two matrices of the head.
    """

    weights: Mapping[str, Array]
    layers: int
    heads: int
    epsilon: float
    between: str


def adapted(model: PreTrainedModel) -> Encoder:
    """
    Raises:
        UnsuitableModel: names the setting that the graph does not support.
    """
    config = model.config
    _refuse_what_the_graph_lacks(config)
    prefix = f"{model.base_model_prefix}."
    weights = {
        renamed(name.removeprefix(prefix)): tensor.detach().float().numpy()
        for name, tensor in model.state_dict().items()
    }
    weights[POSITIONS] = weights[POSITIONS][-positions(model) :]
    if TOKEN_TYPES in weights:
        weights[POSITIONS] = weights[POSITIONS] + weights.pop(TOKEN_TYPES)[0]
    return Encoder(
        weights=weights,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        epsilon=getattr(config, "layer_norm_eps", DISTILBERT_EPSILON),
        between=BETWEEN[config.model_type],
    )


def shape(model: PreTrainedModel) -> Shape:
    config = model.config
    return Shape(
        layers=config.num_hidden_layers,
        width=config.hidden_size,
        inner=getattr(config, "intermediate_size", None) or getattr(config, "hidden_dim", 4 * config.hidden_size),
        heads=config.num_attention_heads,
        words=config.vocab_size,
    )


def _refuse_what_the_graph_lacks(config: PretrainedConfig) -> None:
    activation = "activation" if config.model_type == "distilbert" else "hidden_act"
    allowed = {
        "model_type": tuple(BETWEEN),
        activation: ("gelu",),
        "position_embedding_type": ("absolute",),
        "is_decoder": (False,),  # in a decoder, each token sees only earlier ones
    }
    for name, values in allowed.items():
        if getattr(config, name, values[0]) not in values:
            raise UnsuitableModel(
                f"{name}: {getattr(config, name)!r} must be {' or '.join(map(repr, values))} for backend onnx; "
                "torch serves any text classifier of transformers"
            )


def renamed(name: str) -> str:
    """DistilBERT's name for a weight of a BERT-like model, both without the model's prefix."""
    for theirs, ours in RENAMED.items():
        name = name.replace(theirs, ours)
    return name
