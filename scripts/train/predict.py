"""Scores texts the way the program does: normalise, tokenise, windows for long texts, one row of logits a text."""

from pathlib import Path

import numpy as np
import torch
from normalize import normalize
from pack import MAX_TOKENS
from special import BERT, Special, special_of
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

OVERLAP = 64
TOKENS_PER_BATCH = 8192


def windows(content: list[int], special: Special = BERT) -> list[list[int]]:
    """Windows of 256 tokens with the first and last special one; neighbours share 64 content tokens. An empty text is one empty window."""
    room = MAX_TOKENS - 2
    starts = range(0, max(len(content) - OVERLAP, 1), room - OVERLAP)
    return [[special.first, *content[start : start + room], special.last] for start in starts]


@torch.inference_mode()
def window_logits(model: BertForSequenceClassification, rows: list[list[int]], pad: int = BERT.pad) -> np.ndarray:
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    logits = np.zeros((len(rows), model.config.num_labels), dtype=np.float64)
    device = next(model.parameters()).device
    while order:
        count = max(1, TOKENS_PER_BATCH // len(rows[order[min(len(order), 128) - 1]]))
        group, order = order[:count], order[count:]
        width = len(rows[group[-1]])
        ids = torch.tensor([rows[index] + [pad] * (width - len(rows[index])) for index in group], device=device)
        mask = torch.tensor([[1] * len(rows[index]) + [0] * (width - len(rows[index])) for index in group], device=device)
        logits[group] = model(input_ids=ids, attention_mask=mask).logits.float().cpu().numpy()
    return logits


def text_logits(model: BertForSequenceClassification, tokenizer: Tokenizer, texts: list[str], normalizer: int = 2) -> np.ndarray:
    """Per text: the largest toxicity logits over its windows, and the mean of its sentiment logits weighted by length."""
    rows, owner, special = [], [], special_of(tokenizer)
    for index, encoded in enumerate(tokenizer.encode_batch([normalize(text, normalizer) for text in texts], add_special_tokens=False)):
        parts = windows(encoded.ids, special)
        rows += parts
        owner += [index] * len(parts)
    logits, owner = window_logits(model.eval(), rows, special.pad), np.array(owner)
    lengths = np.array([max(len(row) - 2, 1) for row in rows], dtype=np.float64)
    joined = np.full((len(texts), logits.shape[1]), -np.inf)
    np.maximum.at(joined, owner, logits)
    joined[:, 6:] = 0.0
    np.add.at(joined[:, 6:], owner, logits[:, 6:] * lengths[:, None])
    joined[:, 6:] /= np.bincount(owner, weights=lengths)[:, None]
    return joined


def load(folder: Path) -> tuple[BertForSequenceClassification, Tokenizer]:
    """An exported model folder; the 16-bit weights are widened, arithmetic is f32."""
    model = BertForSequenceClassification.from_pretrained(folder, torch_dtype=torch.float32)
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))
