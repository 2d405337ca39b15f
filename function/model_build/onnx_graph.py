"""Writes a classifier as an int8 ONNX graph of packed tokens (build time only).

We write it rather than export it, because no exporter offers the following:

- **No padding in the linear layers.** One matrix, (tokens, dim), holds all tokens of a run. Only attention sees texts
  side by side, padded: `places` gathers them, `tokens` scatters them back.
- **One scale per token.** ONNX Runtime's dynamic quantisation scales activations by the largest of the whole tensor,
  which makes a text's score depend on the rest of its batch. Here each row has its own scale: symmetric, int8 stored
  as uint8 around 128 (vector-wise quantisation: Dettmers et al., LLM.int8(), 2022), or around 24 for GELU's rows,
  which have hardly any negative values. No calibration data.
- **No unused results.** The classifier reads only a text's first token, so in the last layer the others are only keys
  and values. This skips a seventh of all matrix products.
- **Nothing left to fuse.** ONNX Runtime need not optimise the graph at each cold start. We drop the key's bias, which
  the softmax cancels, and add the value's to the output's, because a place's attention weights sum to 1.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from transformers import PreTrainedModel

from function.model_build import levels
from function.model_build.adapter import Encoder, adapted

OPSET = 23
IR_VERSION = 10
CONTRIB = "com.microsoft"  # ONNX Runtime's own operators
ZERO = 128  # of activations, uint8
LEAST_GELU = -0.17  # the minimum is -0.16998
GELU_ZERO = 24  # of GELU's rows: 231 levels above zero instead of 127; chosen on real texts (docs/model.md)

Array = np.ndarray
Levels = tuple[str, str, str]  # uint8 (rows, width), their scales (rows, 1) and their zero point


def write(model: PreTrainedModel, path: Path) -> None:
    """Writes the graph of an fp32 model to `path`, and its weights beside it (`path`.data).

    Inputs, all int64: `input_ids` and `positions` (tokens,), the texts one after the other; `places` (texts, longest),
    for each place of a padded text its row among the tokens, in the padding its last token's; `tokens` (tokens,), for
    each token its place among texts * longest; `first` (texts,), the row of each text's first token. Also fp32 `mask`
    (texts, 1, 1, longest), added to the attention scores: 0, or far below it in the padding. Output: `logits` (texts,
    labels).

    Raises:
        UnsuitableModel: the model is of no kind that adapter.py supports.
    """
    graph = Graph(adapted(model)).model()
    # ONNX Runtime maps weights in a separate file into memory instead of reading and copying them: a full-size model
    # loads in a third of the time, with 50 MB less, and only the embeddings that are looked up are read from disk.
    onnx.save(graph, path, save_as_external_data=True, location=path.name + ".data")


class Graph:
    """Builds the graph node by node; each method returns the name of its result."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder, self.weights = encoder, encoder.weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.one = self.constant(np.float32(1))
        self.columns = self.constant(np.array([1]))
        self.zero, self.gelu_zero = (self.constant(np.uint8(zero)) for zero in (ZERO, GELU_ZERO))
        self.level, self.gelu_level = (self.constant(np.float32(1 / (255 - zero))) for zero in (ZERO, GELU_ZERO))
        self.smallest = self.constant(np.float32(1e-12))  # the largest of a row of zeros
        self.smallest_gelu = self.constant(np.float32(-LEAST_GELU * (255 - GELU_ZERO) / GELU_ZERO))

    def model(self) -> onnx.ModelProto:
        hidden = self.embeddings()
        queries = self.op("Concat", self.op("Shape", "places", start=1), self.constant(np.array([1])), axis=0)
        self.mask = self.op("Expand", "mask", queries)  # Attention requires an explicit row for each query
        for layer in range(self.encoder.layers):
            hidden = self.layer(hidden, f"transformer.layer.{layer}.", last=layer == self.encoder.layers - 1)
        self.head(hidden)
        shapes = {"input_ids": ["tokens"], "positions": ["tokens"], "places": ["texts", "longest"]}
        shapes |= {"tokens": ["tokens"], "first": ["texts"]}
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name, shape in shapes.items()]
        inputs.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["texts", 1, 1, "longest"]))
        labels = len(self.weights["classifier.bias"])
        output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", labels])
        graph = helper.make_graph(self.nodes, "classifier", inputs, [output], self.constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def embeddings(self) -> str:
        """(tokens, dim): word plus position; the words are in int8, with one scale each."""
        word = self.looked_up(self.weights["embeddings.word_embeddings.weight"], "input_ids")
        position = self.op("Gather", self.weight("embeddings.position_embeddings.weight"), "positions")
        self.one_row_for_each("input_ids")
        return self.norm(self.op("Add", word, position), "embeddings.LayerNorm")

    def looked_up(self, table: Array, rows: str) -> str:
        found, scales = (self.op("Gather", self.constant(part), rows) for part in levels.of_rows(table))
        return self.op("Mul", self.op("Cast", found, to=TensorProto.FLOAT), scales)

    def layer(self, hidden: str, name: str, last: bool) -> str:
        """(tokens, dim); for the last layer (texts, dim), only each text's first token."""
        sources = queried = self.quantised(hidden)
        if last:
            self.one_row_for_each("first")
            hidden = self.op("Gather", hidden, "first")
            queried = self.op("Gather", sources[0], "first"), self.op("Gather", sources[1], "first"), sources[2]
        context = self.attention(queried, sources, name + "attention.", last)
        attended = self.norm(self.op("Add", context, hidden), name + "sa_layer_norm")
        outer = self.feed_forward(attended, name + "ffn.")
        return self.norm(self.op("Add", outer, attended), name + "output_layer_norm")

    def attention(self, queried: Levels, sources: Levels, name: str, last: bool) -> str:
        """Attention with queries from the rows `queried`, and keys and values from `sources`."""
        (query, query_bias), (key, _), (value, value_bias), (output, output_bias) = (
            self.matrix(f"{name}{part}_lin") for part in ("q", "k", "v", "out")
        )
        queries = self.linear(queried, query, query_bias)
        context = self.op(
            "Attention",
            self.op("Unsqueeze", queries, self.columns) if last else self.op("Gather", queries, "places"),
            self.op("Gather", self.linear(sources, key), "places"),
            self.op("Gather", self.linear(sources, value), "places"),
            "mask" if last else self.mask,
            q_num_heads=self.encoder.heads,
            kv_num_heads=self.encoder.heads,
        )
        rows = self.op("Reshape", context, self.constant(np.array([-1, query.shape[1]])))
        packed = rows if last else self.op("Gather", rows, "tokens")
        return self.linear(self.quantised(packed), output, output_bias + value_bias @ output)

    def feed_forward(self, attended: str, name: str) -> str:
        inner = self.op("Gelu", self.linear(self.quantised(attended), *self.matrix(name + "lin1")))
        return self.linear(self.quantised_gelu(inner), *self.matrix(name + "lin2"))

    def head(self, hidden: str) -> None:
        inner = self.op(self.encoder.between, self.linear(self.quantised(hidden), *self.matrix("pre_classifier")))
        classifier = [self.weight("classifier.weight"), self.weight("classifier.bias")]
        self.nodes.append(helper.make_node("Gemm", [inner, *classifier], ["logits"], transB=1))

    def one_row_for_each(self, tensor: str) -> None:
        """From here on, quantise tensors with as many rows as `tensor`."""
        rows = self.op("Shape", tensor)
        self.zeros, self.gelu_zeros = (self.op("Expand", zero, rows) for zero in (self.zero, self.gelu_zero))

    def quantised(self, values: str) -> Levels:
        """Quantise by the largest absolute value of each row."""
        # Two reductions: an Abs would write the whole tensor once more.
        highest = self.op("ReduceMax", values, self.columns, keepdims=0)
        lowest = self.op("ReduceMin", values, self.columns, keepdims=0)
        largest = self.op("Max", highest, self.op("Neg", lowest), self.smallest)
        return self.rounded(values, self.op("Mul", largest, self.level), self.zeros, self.zero)

    def quantised_gelu(self, values: str) -> Levels:
        """Quantise GELU's output, which is between LEAST_GELU and the largest value of its row."""
        largest = self.op("Max", self.op("ReduceMax", values, self.columns, keepdims=0), self.smallest_gelu)
        return self.rounded(values, self.op("Mul", largest, self.gelu_level), self.gelu_zeros, self.gelu_zero)

    def rounded(self, values: str, scales: str, zeros: str, zero: str) -> Levels:
        rows = self.op("QuantizeLinear", values, scales, zeros, axis=0)
        return rows, self.op("Unsqueeze", scales, self.columns), zero

    def linear(self, source: Levels, matrix: Array, bias: Array | None = None) -> str:
        rows, row_scales, zero = source
        weights, scales = (self.constant(part) for part in levels.of_columns(matrix))
        product = self.op("MatMulIntegerToFloat", rows, weights, self.one, scales, zero, domain=CONTRIB)
        scaled = self.op("Mul", product, row_scales)
        return scaled if bias is None else self.op("Add", scaled, self.constant(bias))

    def norm(self, hidden: str, name: str) -> str:
        parameters = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", hidden, *parameters, epsilon=self.encoder.epsilon)

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
