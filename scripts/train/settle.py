"""Teaches the first token of an encoder that was trained with mean pooling to stand for the mean of all tokens.

multilingual-e5-small reads a text as the mean of its tokens; its first token alone says much less, the less so across languages.
The program, `transformers` and rust-bert read the first token. So before training, and without any label, the encoder learns to
put into its first token what its mean was: each of the mean's values, less its average and over its standard deviation. The word
table stays as it is.

The result lies next to the encoder it was made from; another number of tokens makes another one.
"""

import copy
import json
import shutil
import time
from pathlib import Path

import torch
from encoder import load_model
from fit import SECONDS_PER_MEETING, Mix, encoded, rate_factor
from safetensors.torch import save_file
from torch import nn

RATE, LONGEST = 2e-4, 64
MEASURED_BATCHES = 24


def mean_of(states, mask):
    """The mean of each row's tokens."""
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def settle(model, mix: Mix, tokens: float) -> float:
    """Trains the model's encoder in place; returns the share of the mean's variance that the first token explains at the end."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    teacher = copy.deepcopy(model).to(device).eval()
    model.to(device).eval()
    batches = (batch for _, _, batch in mix.stream(0, 0, 0, 1, lambda: LONGEST))

    def means(batch):
        with torch.no_grad(), torch.autocast(device, torch.bfloat16):
            states = encoded(teacher, batch["input_ids"].to(device), batch["attention_mask"].to(device))
        return mean_of(states.float(), batch["attention_mask"].to(device))

    first = torch.cat([means(next(batches)) for _ in range(MEASURED_BATCHES)])
    center, spread = first.mean(0), first.std(0)
    learned = [parameter for parameter in model.bert.encoder.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    seen, left, began, told = 0, 1.0, time.monotonic(), 0.0
    for batch in batches:
        for group in optimizer.param_groups:
            group["lr"] = RATE * rate_factor(min(seen / tokens, 1.0))
        target = (means(batch) - center) / spread
        with torch.autocast(device, torch.bfloat16):
            ours = encoded(model, batch["input_ids"].to(device), batch["attention_mask"].to(device), slice(1))
        loss = nn.functional.mse_loss(ours[:, 0].float(), target)
        loss.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seen += int(batch["attention_mask"].sum())
        left = 0.95 * left + 0.05 * loss.item()
        seconds = time.monotonic() - began
        if seconds > told + SECONDS_PER_MEETING or seen >= tokens:
            print(f"settle {seconds / 60:5.1f} min  {seen} tokens  {seen / seconds:.0f} tokens/s  variance explained {1 - left:.3f}", flush=True)
            told = seconds
        if seen >= tokens:
            break
    model.cpu()
    return 1 - left


def settled(folder: Path, name: str, packed: Path, tokens: float, seed: int) -> Path:
    """The folder of the settled encoder, which is made if it is not there."""
    out = folder.with_name(f"{folder.name}-settled-{int(tokens)}")
    if (out / "model.safetensors").exists():
        return out
    model = load_model(folder, name, words=False)
    explained = settle(model, Mix(packed, seed), tokens)
    out.mkdir(parents=True, exist_ok=True)
    for file in ("config.json", "tokenizer.json"):
        shutil.copy(folder / file, out / file)
    (out / "settled.json").write_text(json.dumps({"tokens": tokens, "explained": round(explained, 4)}) + "\n", encoding="utf-8")
    weights = {key.removeprefix("bert."): value.contiguous() for key, value in model.state_dict().items() if key.startswith("bert.") and "pooler" not in key}
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    return out
