"""A DistilBERT classifier as an int8 ONNX graph of packed tokens (build time only).

Written for this service rather than exported, for what no exporter gives:

- **No padding in the linear layers.** All tokens of a run lie in one matrix, (tokens, dim). Only attention sees texts
  side by side, padded: `places` gathers them there, `tokens` back.
- **A scale of its own for each token.** Quantising activations by the largest of the whole tensor, as ONNX Runtime's
  dynamic quantisation does, makes a text's score depend on its neighbours. Here each row has its own scale: symmetric,
  int8 kept as uint8 around 128 (vector-wise quantisation: Dettmers et al., LLM.int8(), 2022). No calibration data.
- **Nothing left to fuse.** ONNX Runtime need not optimise it at each cold start. The key's bias is left out, which the
  softmax cancels; the value's joins the output's, as the attention weights of a place sum to 1.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from transformers import PreTrainedModel

OPSET = 21
IR_VERSION = 10
CONTRIB = "com.microsoft"  # ONNX Runtime's own operators
WEIGHT_LEVELS = 63  # seven bits: eight saturate on x86 without VNNI (ONNX Runtime's quantisation guide)
ACTIVATION_LEVELS = 127
ZERO = 128
LAYER_NORM_EPSILON = 1e-12
# Added to the attention scores of padding, which repeats a token of its own text (`places`): at most 512 * e^-30 of
# that token's weight, below fp32's precision. ONNX Runtime's own -3.4e38 leaves denormal weights, and attention takes
# half as long again.
MASKED = -30.0
SUPPORTED = "distilbert"

Array = np.ndarray


class UnsupportedModel(Exception):
    """The graph cannot say what this model computes."""


def write(model: PreTrainedModel, path: Path) -> None:
    """Writes the graph of an fp32 model to `path`, and its weights beside it (`path`.data).

    Inputs, all int64: `input_ids` and `positions` (tokens,), the texts one after the other; `places` (texts, longest),
    for each place of a padded text its row among the tokens, in the padding its last token's; `tokens` (tokens,), for
    each token its place among texts * longest; `first` (texts,), the row of each text's first token. And int32
    `lengths` (texts,). Output: `logits` (texts, labels).

    Raises:
        UnsupportedModel: no DistilBERT classifier with GELU.
    """
    config = model.config
    if config.model_type != SUPPORTED or getattr(config, "activation", None) != "gelu":
        raise UnsupportedModel(
            f"model_type: {config.model_type!r} must be {SUPPORTED!r} with activation 'gelu' for backend onnx; "
            "torch takes any text classifier of transformers"
        )
    weights = {name: tensor.detach().float().numpy() for name, tensor in model.state_dict().items()}
    graph = _Graph(weights, config.n_layers, config.n_heads).model()
    # Weights in a file of their own are mapped into memory, not read and copied: a full-size model loads in 0.03 s in
    # place of 0.12, with 50 MB less, and of the embeddings only what is looked up is ever read from disk.
    onnx.save(graph, path, save_as_external_data=True, location=path.name + ".data")


class _Graph:
    """Grows by one node a call; a method returns the name of its result."""

    def __init__(self, weights: dict[str, Array], layers: int, heads: int) -> None:
        self.weights, self.layers, self.heads = weights, layers, heads
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.one = self.constant(np.float32(1))
        self.columns = self.constant(np.array([1]))
        self.zero = self.constant(np.uint8(ZERO))
        self.zero_row = self.constant(np.array([ZERO], np.uint8))
        self.level = self.constant(np.float32(1 / ACTIVATION_LEVELS))
        self.least = self.constant(np.float32(1e-12))  # the scale of a row of zeros

    def model(self) -> onnx.ModelProto:
        hidden = self.embeddings()
        for layer in range(self.layers):
            hidden = self.layer(hidden, f"distilbert.transformer.layer.{layer}.")
        self.head(self.op("Gather", hidden, "first"))
        shapes = {"input_ids": ["tokens"], "positions": ["tokens"], "places": ["texts", "longest"]}
        shapes |= {"tokens": ["tokens"], "first": ["texts"]}
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name, shape in shapes.items()]
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"]))
        labels = len(self.weights["classifier.bias"])
        output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", labels])
        graph = helper.make_graph(self.nodes, SUPPORTED, inputs, [output], self.constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def embeddings(self) -> str:
        """(tokens, dim): word and position, the words in int8 with a scale for each."""
        words = self.weights["distilbert.embeddings.word_embeddings.weight"]
        scales = _scales(words, ACTIVATION_LEVELS, axis=1)
        levels = self.op("Gather", self.constant(_levels(words, scales)), "input_ids")
        word = self.op(
            "Mul",
            self.op("Cast", levels, to=TensorProto.FLOAT),
            self.op("Gather", self.constant(scales), "input_ids"),
        )
        position = self.op("Gather", self.weight("distilbert.embeddings.position_embeddings.weight"), "positions")
        hidden = self.norm(self.op("Add", word, position), "distilbert.embeddings.LayerNorm")
        self.zeros = self.op("Expand", self.zero_row, self.op("Shape", hidden, end=1))  # one for each token
        return hidden

    def layer(self, hidden: str, name: str) -> str:
        attended = self.norm(
            self.op("Add", self.attention(hidden, name + "attention."), hidden), name + "sa_layer_norm"
        )
        inner = self.op("Gelu", self.linear(self.quantised(attended), *self.matrix(name + "ffn.lin1")))
        outer = self.linear(self.quantised(inner), *self.matrix(name + "ffn.lin2"))
        return self.norm(self.op("Add", outer, attended), name + "output_layer_norm")

    def attention(self, hidden: str, name: str) -> str:
        (query, query_bias), (key, _), (value, value_bias), (output, output_bias) = (
            self.matrix(f"{name}{part}_lin") for part in ("q", "k", "v", "out")
        )
        source = self.quantised(hidden)
        projections = (self.linear(source, query, query_bias), self.linear(source, key), self.linear(source, value))
        texts = (self.op("Gather", projection, "places") for projection in projections)
        context = self.op(
            "MultiHeadAttention",
            *(*texts, "", "lengths"),
            domain=CONTRIB,
            num_heads=self.heads,
            mask_filter_value=MASKED,
        )
        rows = self.op("Reshape", context, self.constant(np.array([-1, query.shape[1]])))
        packed = self.op("Gather", rows, "tokens")
        return self.linear(self.quantised(packed), output, output_bias + value_bias @ output)

    def head(self, first: str) -> None:
        """The classifier in fp32: a handful of rows."""
        hidden = self.op(
            "Gemm", first, self.weight("pre_classifier.weight"), self.weight("pre_classifier.bias"), transB=1
        )
        classifier = [self.weight("classifier.weight"), self.weight("classifier.bias")]
        self.nodes.append(helper.make_node("Gemm", [self.op("Relu", hidden), *classifier], ["logits"], transB=1))

    def quantised(self, rows: str) -> tuple[str, str]:
        """uint8 levels (tokens, width) and their scales (tokens, 1)."""
        # Two reductions: an Abs would write all of it once more.
        most, least = (self.op(reduce, rows, self.columns, keepdims=0) for reduce in ("ReduceMax", "ReduceMin"))
        largest = self.op("Max", most, self.op("Neg", least))
        scales = self.op("Mul", self.op("Max", largest, self.least), self.level)
        levels = self.op("QuantizeLinear", rows, scales, self.zeros, axis=0)
        return levels, self.op("Unsqueeze", scales, self.columns)

    def linear(self, source: tuple[str, str], matrix: Array, bias: Array | None = None) -> str:
        levels, row_scales = source
        scales = _scales(matrix, WEIGHT_LEVELS, axis=0)
        product = self.op(
            "MatMulIntegerToFloat",
            *(levels, self.constant(_levels(matrix, scales)), self.one, self.constant(scales[0]), self.zero),
            domain=CONTRIB,
        )
        scaled = self.op("Mul", product, row_scales)
        return scaled if bias is None else self.op("Add", scaled, self.constant(bias))

    def norm(self, hidden: str, name: str) -> str:
        parameters = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", hidden, *parameters, epsilon=LAYER_NORM_EPSILON)

    def matrix(self, name: str) -> tuple[Array, Array]:
        """A linear layer's matrix (in, out) and bias (out,)."""
        return self.weights[f"{name}.weight"].T, self.weights[f"{name}.bias"]

    def weight(self, name: str) -> str:
        return self.constant(self.weights[name])

    def constant(self, value: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"node_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


def _scales(matrix: Array, levels: int, axis: int) -> Array:
    """fp32, the matrix's shape with 1 along `axis`."""
    return (np.maximum(np.abs(matrix).max(axis=axis, keepdims=True), 1e-12) / levels).astype(np.float32)


def _levels(matrix: Array, scales: Array) -> Array:
    return np.rint(matrix / scales).astype(np.int8)
