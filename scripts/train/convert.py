"""From an 8-bit ONNX export of a BERT encoder to a Hugging Face folder in 32 bits: `python scripts/train/convert.py MODEL.onnx OUT`.

ONNX Runtime's dynamic quantization stores each weight matrix as 8-bit integers with a scale and a zero point, for the
matrix or for each of its columns, and drops the names of the matrices: a matrix belongs to the bias that is added to its
product. Biases and layer norms stay 32-bit floats under their own names. The checkpoint that was quantized is lost; the
values here are the ones that its 8-bit version computes with.

With `--check`, both are run on a few sentences. The cosine of every token must be at least 0.98: what is left of the
difference comes from ONNX Runtime, which rounds activations to 8 bits too.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file

QUANTIZED = "_quantized"
LEAST_COSINE = 0.98
HEAD_WIDTH = 32
SENTENCES = [
    "The committee will meet again on Thursday.",
    "what a lovely surprise, thank you so much!!",
    "Nobody asked for your opinion, so keep it to yourself.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.",
    "Is it 3.14 or 2.72?",
    "I can't believe that the train to the coast left twelve minutes early, and with nobody on board.",
]


def tensors_of(graph: onnx.GraphProto) -> dict[str, torch.Tensor]:
    """The weights of the network by their Hugging Face names, in 32 bits."""
    initial = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def dequantized(name: str) -> np.ndarray:
        stem = name.removesuffix(QUANTIZED)
        zero, scale = (initial[f"{stem}_{part}"].astype(np.float32) for part in ("zero_point", "scale"))
        return (initial[name].astype(np.float32) - zero) * scale

    users = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def bias_after(node: onnx.NodeProto) -> str:
        """The bias that is added to a product, a few rescalings later."""
        reached = list(node.output)
        while reached:
            for user in users.get(reached.pop(0), []):
                biases = [name for name in user.input if name in initial and name.endswith(".bias")]
                if user.op_type == "Add" and biases:
                    return biases[0]
                if user.op_type in ("Cast", "Mul"):
                    reached += user.output
        raise SystemExit(f"{node.name}: no bias follows this product; not a BERT encoder?")

    found = {}
    for name in initial:
        if name.endswith(f"embeddings.weight{QUANTIZED}"):
            found[name.removesuffix(QUANTIZED)] = dequantized(name)
        elif "LayerNorm" in name and name.endswith((".weight", ".bias")):
            found[name] = initial[name]
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            matrix = next(name for name in node.input if name in initial and name.endswith(QUANTIZED))
            bias = bias_after(node)
            found[bias] = initial[bias]
            # ONNX multiplies from the right.
            found[bias.removesuffix("bias") + "weight"] = dequantized(matrix).T
    return {name: torch.from_numpy(np.array(value, dtype=np.float32, order="C")) for name, value in found.items()}


def config_of(tensors: dict[str, torch.Tensor]) -> dict:
    """`config.json`, from the shapes; heads are 32 wide, as in every small BERT that this reads."""
    vocabulary, width = tensors["embeddings.word_embeddings.weight"].shape
    layers = {name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")}
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": width,
        "intermediate_size": tensors["encoder.layer.0.intermediate.dense.weight"].shape[0],
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": tensors["embeddings.position_embeddings.weight"].shape[0],
        "num_attention_heads": width // HEAD_WIDTH,
        "num_hidden_layers": len(layers),
        "pad_token_id": 0,
        "type_vocab_size": tensors["embeddings.token_type_embeddings.weight"].shape[0],
        "vocab_size": vocabulary,
    }


def convert(source: Path, out: Path) -> None:
    """Writes config.json, model.safetensors and, if it lies beside the model, tokenizer.json."""
    tensors = tensors_of(onnx.load(source).graph)
    config = config_of(tensors)
    expected = 5 + 16 * config["num_hidden_layers"]
    if len(tensors) != expected:
        raise SystemExit(f"{source}: {len(tensors)} tensors found, a BERT of this depth has {expected}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    if (source.parent / "tokenizer.json").exists():
        shutil.copy(source.parent / "tokenizer.json", out / "tokenizer.json")


def least_cosine(source: Path, out: Path) -> float:
    """The smallest cosine, over the tokens of a few sentences, between the converted network and the original."""
    import onnxruntime
    from tokenizers import Tokenizer
    from transformers import BertModel

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(source, settings, providers=["CPUExecutionProvider"])
    model = BertModel.from_pretrained(out, add_pooling_layer=False).eval()
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    tokenizer.no_padding()
    least = 1.0
    for sentence in SENTENCES:
        ids = np.array([tokenizer.encode(sentence).ids], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        original = session.run(None, given)[0][0]
        with torch.inference_mode():
            ours = model(torch.from_numpy(ids)).last_hidden_state[0].numpy()
        cosines = (original * ours).sum(1) / np.linalg.norm(original, axis=1) / np.linalg.norm(ours, axis=1)
        least = min(least, float(cosines.min()))
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", type=Path, help="quantized .onnx file, with tokenizer.json beside it")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--check", action="store_true", help="compare both networks token by token; needs onnxruntime")
    options = parser.parse_args()
    convert(options.model, options.out)
    if options.check:
        least = least_cosine(options.model, options.out)
        print(f"least cosine of a token: {least:.4f}")
        if least < LEAST_COSINE:
            raise SystemExit(f"{options.out}: differs from {options.model}; expected at least {LEAST_COSINE}")


if __name__ == "__main__":
    main()
