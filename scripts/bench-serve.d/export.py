"""Writes a model folder with 8-bit weights for ONNX Runtime: `export.py MODEL FOLDER`."""

import shutil
import sys
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification

model, folder = map(Path, sys.argv[1:])
(folder / "onnx").mkdir(parents=True)
for name in ("config.json", "tokenizer.json"):
    shutil.copy(model / name, folder)
(folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 256}')
whole = folder / "whole.onnx"
ids = torch.ones(2, 8, dtype=torch.int64)
names = ["input_ids", "attention_mask"]
axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"logits": {0: "batch"}}
network = AutoModelForSequenceClassification.from_pretrained(model, torch_dtype=torch.float32).eval()
torch.onnx.export(network, (ids, ids), whole, input_names=names, output_names=["logits"], dynamic_axes=axes)
quantize_dynamic(whole, folder / "onnx/model_quantized.onnx", weight_type=QuantType.QInt8)
whole.unlink()
