"""The model behind FastAPI, with ONNX Runtime and dynamic batching: `onnx_server.py FOLDER PORT THREADS`.

As many runs of one thread at once as cores: on texts this short, that beats one run that uses them all. Tokenizer and ONNX
Runtime release the interpreter's lock. A free thread takes everything that waits, at most 32 texts. A long text is read whole,
in windows of 256 tokens that overlap by 64, and the worst of them counts, as in comity. Windows run in order of length, so that
little is padding.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import orjson
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel
from tokenizers import Tokenizer

FOLDER, PORT, THREADS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
MOST = 32

tokenizer = Tokenizer.from_file(f"{FOLDER}/tokenizer.json")
tokenizer.no_padding()
tokenizer.enable_truncation(256, stride=64)
settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = settings.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(f"{FOLDER}/onnx/model_quantized.onnx", settings, providers=["CPUExecutionProvider"])
names = [f"LABEL_{index}" for index in range(session.get_outputs()[0].shape[1])]
pool = ThreadPoolExecutor(THREADS)
waiting: list[tuple[str, asyncio.Future]] = []
free = THREADS


class Request(BaseModel):
    inputs: str


def run(texts: list[str]) -> np.ndarray:
    """The scores of each text."""
    encoded = tokenizer.encode_batch(texts)
    windows = [(len(window.ids), row, window.ids) for row, one in enumerate(encoded) for window in (one, *one.overflowing)]
    windows.sort(key=lambda window: window[0])
    worst = np.full((len(texts), len(names)), -np.inf, np.float32)
    for start in range(0, len(windows), MOST):
        part = windows[start : start + MOST]
        ids = np.zeros((len(part), part[-1][0]), np.int64)
        mask = np.zeros_like(ids)
        for at, (length, _, tokens) in enumerate(part):
            ids[at, :length] = tokens
            mask[at, :length] = 1
        logits = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        np.maximum.at(worst, [row for _, row, _ in part], logits)
    return 1 / (1 + np.exp(-worst))


async def work() -> None:
    """Takes batches until nobody waits."""
    global free
    loop = asyncio.get_running_loop()
    while waiting:
        batch = waiting[:MOST]
        del waiting[:MOST]
        try:
            scores = await loop.run_in_executor(pool, run, [text for text, _ in batch])
            for (_, future), row in zip(batch, scores):
                if not future.done():
                    future.set_result(row)
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
    free += 1


app = FastAPI()


@app.post("/predict")
async def predict(request: Request) -> Response:
    global free
    future = asyncio.get_running_loop().create_future()
    waiting.append((request.inputs, future))
    if free:
        free -= 1
        asyncio.create_task(work())
    row = await future
    answer = [{"label": name, "score": float(score)} for name, score in zip(names, row)]
    return Response(orjson.dumps(answer), media_type="application/json")


uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="error", access_log=False, loop="uvloop", http="httptools", timeout_keep_alive=600)
