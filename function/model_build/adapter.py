"""A checkpoint in the graph's terms, whatever its own are (build time only).

DistilBERT, BERT (MiniLM too), RoBERTa, XLM-RoBERTa and CamemBERT compute the same layers under other names. They differ
in three things. BERT's kinds add token type 0 to every token: it joins the positions. RoBERTa's kinds begin to count
positions after the row of padding: the rows up to it go. And each head has its own function between two matrices.
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
# What BERT's kinds call a part, and what DistilBERT does, whose names (without the model's prefix) are the graph's. In
# this order: earlier ones contain later ones.
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
    """A classifier in the graph's terms.

    Attributes:
        weights: fp32, by DistilBERT's names without its prefix.
        epsilon: of every norm.
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
        UnsuitableModel: naming what the graph does not compute.
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
        "is_decoder": (False,),  # where each token sees the earlier ones only
    }
    for name, values in allowed.items():
        if getattr(config, name, values[0]) not in values:
            raise UnsuitableModel(
                f"{name}: {getattr(config, name)!r} must be {' or '.join(map(repr, values))} for backend onnx; "
                "torch takes any text classifier of transformers"
            )


def renamed(name: str) -> str:
    """DistilBERT's name of a weight of BERT's kinds, both without the model's prefix."""
    for theirs, ours in RENAMED.items():
        name = name.replace(theirs, ours)
    return name
