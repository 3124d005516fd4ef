"""One peer of scripts/bench-peers: `peer.py NAME MODEL TEXTS.json BATCH [LOGITS.json]`.

Prepares itself, says `ready`, then scores all texts once for every line of standard input and answers with the seconds of
processor and wall time. One thread; texts are tokenised, sorted by length and padded to the longest of each batch.
"""

import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from tokenizers import Tokenizer

NAME, MODEL, TEXTS, BATCH = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3])), int(sys.argv[4])
tokenizer = Tokenizer.from_file(f"{MODEL}/tokenizer.json")
tokenizer.no_padding()


def batches():
    """Places, ids and mask of each batch."""
    encoded = list(enumerate(tokenizer.encode_batch(TEXTS)))
    encoded.sort(key=lambda pair: -len(pair[1].ids))
    for start in range(0, len(encoded), BATCH):
        part = encoded[start : start + BATCH]
        ids = np.zeros((len(part), len(part[0][1].ids)), np.int64)
        mask = np.zeros_like(ids)
        for row, (_, one) in enumerate(part):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        yield [place for place, _ in part], ids, mask


def torch_model(path=MODEL):
    import torch
    from transformers import BertForSequenceClassification

    torch.set_num_threads(1)
    return BertForSequenceClassification.from_pretrained(path, torch_dtype=torch.float32).eval()


def torch_runs(models, bf16=False):
    import torch

    def run(ids, mask):
        ids, mask = torch.from_numpy(ids), torch.from_numpy(mask)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            found = [model(input_ids=ids, attention_mask=mask).logits.float().numpy() for model in models]
        return found[0]

    return run


def onnx_file():
    import torch

    path = f"{sys.argv[3]}.onnx"
    if not os.path.exists(path):
        ids = torch.ones(2, 8, dtype=torch.int64)
        names = ["input_ids", "attention_mask"]
        axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"logits": {0: "batch"}}
        torch.onnx.export(torch_model(), (ids, ids), path, input_names=names, output_names=["logits"], dynamic_axes=axes)
    return path


def prepare():
    if NAME == "torch-f32":
        return torch_runs([torch_model()])
    if NAME == "torch-bf16":
        return torch_runs([torch_model()], bf16=True)
    if NAME == "two-models":
        import torch
        from transformers import BertConfig, BertForSequenceClassification
        from transformers import DistilBertConfig, DistilBertForSequenceClassification

        torch.set_num_threads(1)
        bert = BertForSequenceClassification(BertConfig(num_labels=6)).eval()
        return torch_runs([bert, DistilBertForSequenceClassification(DistilBertConfig(num_labels=2)).eval()])
    if NAME == "onnxruntime-int8":
        import onnxruntime
        from onnxruntime.quantization import QuantType, quantize_dynamic

        path = f"{onnx_file()}.int8"
        if not os.path.exists(path):
            quantize_dynamic(onnx_file(), path, weight_type=QuantType.QInt8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
    if NAME == "openvino-int8":
        import nncf
        import openvino

        path = f"{sys.argv[3]}.int8.xml"
        if not os.path.exists(path):
            model = openvino.convert_model(onnx_file())
            sample = [{"input_ids": ids, "attention_mask": mask} for _, ids, mask in batches()]
            quantized = nncf.quantize(
                model, nncf.Dataset(sample), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(sample)
            )
            openvino.save_model(quantized, path)
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
        # Left to itself it asks for the 16-bit floats that the processor has, which the fewer instructions cannot do, or only slowly.
        if "ONEDNN_MAX_CPU_ISA" in os.environ:
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
        return lambda ids, mask: request.infer({"input_ids": ids, "attention_mask": mask})[0]
    sys.exit(f"unknown peer {NAME}")


run = prepare()


def round():
    logits = [None] * len(TEXTS)
    for places, ids, mask in batches():
        for place, row in zip(places, run(ids, mask)):
            logits[place] = [float(x) for x in row]
    return logits


round()
print("ready", flush=True)
for _ in sys.stdin:
    processor, wall = time.process_time(), time.perf_counter()
    logits = round()
    print(time.process_time() - processor, time.perf_counter() - wall, flush=True)
    if len(sys.argv) > 5:
        json.dump(logits, open(sys.argv[5], "w"))
