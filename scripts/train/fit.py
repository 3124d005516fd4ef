"""The training loop: one multi-task model, masked losses, a schedule that ends by the clock, checkpoints to resume from."""

import copy
import math
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from pack import MAX_TOKENS
from sources import ENGLISH, REFERENCE, SENTIMENT_LINKED, SETS
from special import BERT, Special
from torch import distributed as dist
from torch import nn
from torch.nn import functional as F

TOKENS_PER_BATCH, ROWS_PER_BATCH, ROWS_PER_BUCKET_SORT = 3072, 96, 2048
# The rate of the layer below, of six; a deeper network falls to the same rate at the bottom.
LAYER_DECAY, LINK_RATE, WEIGHT_DECAY = 0.85, 1e-2, 0.01
WARM_UP, EMA_DECAY = 0.05, 0.998
SHORT_TOKENS, SHORT_UNTIL = 96, 0.75
LABEL_WEIGHTS = (2.0, 1.0, 1.0, 1.0, 1.0, 1.0)  # toxicity is what policies read first
# How much a teacher's opinion of a row counts beside its labels; it speaks of all nine, and its doubts are kept.
TEACHER_WEIGHT = 1.0
SECONDS_PER_MEETING = 30
# A checkpoint has four copies of the weights, and to write it takes seconds.
SECONDS_PER_CHECKPOINT = 240
CHECKPOINT = "checkpoint.pt"
ENRICHED = "jigsaw_enriched"
# English's share of a pass over several languages. Of the rest, a language's share grows with its rows to this power, and no set
# is shown more often than `SETS` says times the bound.
ENGLISH_SHARE, LANGUAGE_POWER, LANGUAGE_BOUND = 0.45, 0.6, 2.0


@dataclass
class Progress:
    """Where a run stands; stored in its checkpoint."""

    seconds: float = 0.0
    samples: int = 0
    tokens: int = 0
    steps: int = 0
    epoch: int = 0
    bucket: int = 0


@dataclass(frozen=True)
class Limits:
    """The schedule ends with the first of these: minutes of training, passes over the mix, tokens."""

    minutes: float
    passes: float
    tokens: float

    def done(self, progress: Progress, mix: "Mix") -> float:
        """The share of the schedule that is over."""
        return max(progress.seconds / (60 * self.minutes), progress.samples / (self.passes * mix.rows_per_pass), progress.tokens / self.tokens)


def names_of(packed) -> list[str]:
    """The sets that `source` numbers; files packed before there were other languages have the English ones."""
    return [str(name) for name in packed["names"]] if "names" in packed else ENGLISH


def language_factors(rows: dict[str, float]) -> dict[str, float]:
    """By how much the rows of each language are to be repeated, from the rows that `SETS` alone would show in a pass."""
    others = {language: count for language, count in rows.items() if language not in ("en", "mul")}
    if not others or "en" not in rows:
        return dict.fromkeys(rows, 1.0)
    total = sum(others.values())
    weights = {language: count**LANGUAGE_POWER for language, count in others.items()}
    factors = {language: min(LANGUAGE_BOUND, weights[language] / sum(weights.values()) * total / count) for language, count in others.items()}
    shown = sum(factors[language] * count for language, count in others.items()) + rows.get("mul", 0.0)
    return {"mul": 1.0, **factors, "en": min(1.0, ENGLISH_SHARE / (1 - ENGLISH_SHARE) * shown / rows["en"])}


class SourceLink(nn.Module):
    """What stands between our logit and one set's label: its raters' threshold (bias) and agreement (scale).

    Only where a set has both outcomes of a label; a set of positives alone would push its bias to infinity and teach nothing.
    """

    def __init__(self, packed):
        super().__init__()
        toxic, source, self.names = packed["toxic"], packed["source"], names_of(packed)
        count = len(self.names)
        bias_free = np.zeros((count, 6), dtype=np.float32)
        sentiment_free = np.zeros((count, 1), dtype=np.float32)
        for index, name in enumerate(self.names):
            if name in REFERENCE:
                continue
            rows = toxic[source == index]
            bias_free[index] = (rows >= 0.5).any(axis=0) & (rows < 0.5).any(axis=0)
            is_second = name == "tweet_sentiment" and "semeval2017" in self.names and (source == self.names.index("semeval2017")).any()
            sentiment_free[index] = name in SENTIMENT_LINKED or is_second
        scale_free = bias_free.copy()
        if ENRICHED in self.names:
            scale_free[self.names.index(ENRICHED)] = 0.0
        for name, value in (("bias_free", bias_free), ("scale_free", scale_free), ("sentiment_free", sentiment_free)):
            self.register_buffer(name, torch.from_numpy(value))
        self.bias = nn.Parameter(torch.zeros(count, 6))
        self.log_scale = nn.Parameter(torch.zeros(count, 6))
        self.sentiment_bias = nn.Parameter(torch.zeros(count, 3))

    def forward(self, logits, source):
        scale = (self.log_scale * self.scale_free)[source].exp()
        toxic = logits[:, :6] * scale + (self.bias * self.bias_free)[source]
        return toxic, logits[:, 6:] + (self.sentiment_bias * self.sentiment_free)[source]


def toxic_loss(logits, targets):
    """Cross-entropies of the labels that are known, weighted and added up."""
    cost = F.binary_cross_entropy_with_logits(logits, targets.nan_to_num(0.0), reduction="none")
    return (cost * ~targets.isnan() * torch.tensor(LABEL_WEIGHTS, device=logits.device)).sum()


def taught_loss(logits, teacher):
    """How far the logits are from what the teachers say, links left aside (distillation: Hinton et al., 2015)."""
    taught = ~teacher[:, 0].isnan()
    if not taught.any():
        return 0.0
    logits, teacher = logits[taught], teacher[taught]
    return toxic_loss(logits[:, :6], teacher[:, :6]) + F.cross_entropy(logits[:, 6:], teacher[:, 6:], reduction="sum")


def loss_of(toxic, sentiment, batch):
    """Mean over rows of each row's masked losses."""
    total = toxic_loss(toxic, batch["toxic"])
    rated = batch["sentiment"] >= 0
    if rated.any():
        no_neutral = torch.zeros_like(sentiment)
        no_neutral[:, 1] = batch["binary"].float() * -1e4
        total = total + F.cross_entropy((sentiment + no_neutral)[rated], batch["sentiment"][rated], reduction="sum")
    return total / len(toxic)


class Mix:
    """The packed rows in the order of one pass: each set repeated as often as `SETS` says, shuffled, cut into sorted batches."""

    def __init__(self, path: Path, seed: int):
        with np.load(path) as file:
            self.packed = {name: file[name] for name in file.files}
        self.seed = seed
        names = names_of(self.packed)
        self.special = Special(*map(int, self.packed["special"])) if "special" in self.packed else BERT
        repeats = np.array([SETS[name].repeats for name in names])
        shown = Counter()
        for name, count in zip(names, repeats * np.bincount(self.packed["source"], minlength=len(names)), strict=True):
            shown[SETS[name].language] += count
        self.factors = language_factors({language: count for language, count in shown.items() if count})
        repeats *= [self.factors.get(SETS[name].language, 0.0) for name in names]
        self.repeats = repeats[self.packed["source"]]
        self.rows_per_pass = int(self.repeats.sum())

    def order(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng((self.seed, epoch))
        times = np.floor(self.repeats + rng.random(len(self.repeats))).astype(np.int64)
        rows = np.repeat(np.arange(len(times)), times)
        rng.shuffle(rows)
        return rows

    def buckets(self, epoch: int):
        """Groups of shuffled rows; inside a group batches are of like lengths and come in random order."""
        rows = self.order(epoch)
        return [rows[at : at + ROWS_PER_BUCKET_SORT] for at in range(0, len(rows), ROWS_PER_BUCKET_SORT)]

    def stream(self, epoch: int, bucket: int, rank: int, size: int, limit):
        """(epoch, bucket, batch) without end, from a place on: of each pass every `size`th bucket is this worker's. `limit()` tokens a text."""
        while True:
            for place, rows in enumerate(self.buckets(epoch)):
                if place >= bucket and place % size == rank:
                    for batch in self.batches(rows, limit(), (self.seed, epoch, place)):
                        yield epoch, place, batch
            epoch, bucket = epoch + 1, 0

    def batches(self, rows: np.ndarray, limit: int, shuffle_seed):
        starts = self.packed["starts"]
        lengths = np.minimum(starts[rows + 1] - starts[rows], limit)
        rows = rows[np.argsort(lengths, kind="stable")]
        lengths = np.sort(lengths, kind="stable")
        groups, first = [], 0
        for at in range(1, len(rows) + 1):
            full = at == len(rows) or (at + 1 - first) * lengths[at] > TOKENS_PER_BATCH or at - first >= ROWS_PER_BATCH
            if full:
                groups.append(rows[first:at])
                first = at
        np.random.default_rng(shuffle_seed).shuffle(groups)
        return [self.batch(group, limit) for group in groups]

    def batch(self, rows: np.ndarray, limit: int) -> dict:
        ids, starts = self.packed["ids"], self.packed["starts"]
        texts = [ids[starts[row] : starts[row + 1]][:limit] for row in rows]
        width = max(len(text) for text in texts)
        tokens = np.full((len(rows), width), self.special.pad, dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for place, text in enumerate(texts):
            tokens[place, : len(text)] = text
            tokens[place, len(text) - 1] = self.special.last
            mask[place, : len(text)] = 1
        return {
            "input_ids": torch.from_numpy(tokens),
            "attention_mask": torch.from_numpy(mask),
            "source": torch.from_numpy(self.packed["source"][rows].astype(np.int64)),
            "toxic": torch.from_numpy(self.packed["toxic"][rows]),
            "sentiment": torch.from_numpy(self.packed["sentiment"][rows].astype(np.int64)),
            "binary": torch.from_numpy(self.packed["binary"][rows]),
            "teacher": torch.from_numpy(self.packed["teacher"][rows].astype(np.float32)),
        }


def layer_depth(name: str, layers: int) -> int:
    """How far below the head a parameter lies: 0 for pooler and classifier, layers + 1 for the embeddings."""
    if ".layer." in name:
        return layers - int(name.split(".layer.")[1].split(".")[0])
    return layers + 1 if "embeddings" in name else 0


def make_optimizer(model, link, peak: float):
    groups, layers = {}, model.config.num_hidden_layers
    decay_of_layer = LAYER_DECAY ** (6 / layers)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = peak * decay_of_layer ** layer_depth(name, layers)
        decay = 0.0 if parameter.ndim == 1 else WEIGHT_DECAY
        groups.setdefault((rate, decay), []).append(parameter)
    settings = [{"params": params, "lr": rate, "peak": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
    settings.append({"params": list(link.parameters()), "lr": LINK_RATE, "peak": LINK_RATE, "weight_decay": 0.0})
    return torch.optim.AdamW(settings, betas=(0.9, 0.98), fused=True)


def rate_factor(done: float) -> float:
    """Linear warm-up, then a cosine to zero."""
    if done < WARM_UP:
        return max(done, 1e-4) / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def save(path: Path, **state) -> None:
    """Written aside and renamed, so that a kill never leaves half a checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    torch.save(state, aside)
    aside.replace(path)


def first_token_logits(model, input_ids, attention_mask):
    """The model's logits, with the last layer computed for the classification token only: nothing else reads its output.

    The numbers are those of `model(...)`; it saves about a seventh of the work.
    """
    return model.classifier(model.dropout(model.bert.pooler(encoded(model, input_ids, attention_mask, slice(1)))))


def encoded(model, input_ids, attention_mask, places: slice = slice(None)):
    """The encoder's output for these places of every row."""
    hidden = model.bert.embeddings(input_ids=input_ids)
    # True where a key may be looked at; [rows, heads, queries, keys].
    keys = attention_mask.bool()[:, None, None, :]
    *layers, last = model.bert.encoder.layer
    for layer in layers:
        hidden = after_attention(layer, hidden, attend(layer.attention.self, hidden, hidden, keys))
    asked = hidden[:, places]
    return after_attention(last, asked, attend(last.attention.self, asked, hidden, keys))


def attend(attention, queries, hidden, keys):
    """Attention spelt out: on texts this short PyTorch's fused one takes 45 % of a step on a CPU, and this a tenth."""

    def heads(states):
        return states.unflatten(-1, (attention.num_attention_heads, attention.attention_head_size)).transpose(1, 2).contiguous()

    query = heads(attention.query(queries) * attention.attention_head_size**-0.5)
    key, value = heads(attention.key(hidden)), heads(attention.value(hidden))
    shares = (query @ key.transpose(-1, -2)).float() + torch.where(keys, 0.0, -1e4)
    return (shares.softmax(-1).to(value.dtype) @ value).transpose(1, 2).flatten(2)


def after_attention(layer, states, context):
    states = layer.attention.output(context, states)
    return layer.output(layer.intermediate(states), states)


class Workers:
    """One process a core, each with its own share of the rows and one thread; twice a minute their weights are averaged.

    Local steps with averaging (Stich, "Local SGD Converges Fast and Communicates Little", 2019) leave no core waiting for
    another, which two threads in one product do, all the more on a machine that does other work.
    """

    def __init__(self, rank: int, size: int, work: Path):
        self.rank, self.size = rank, size
        if size > 1:
            torch.set_num_threads(1)
            dist.init_process_group("gloo", init_method=f"file://{work.resolve()}/meeting", rank=rank, world_size=size)

    @torch.no_grad()
    def average(self, *modules: nn.Module) -> None:
        if self.size > 1:
            for parameter in (parameter for module in modules for parameter in module.parameters() if parameter.requires_grad):
                dist.all_reduce(parameter)
                parameter /= self.size

    def total(self, number: float) -> float:
        sums = torch.tensor([number], dtype=torch.float64)
        if self.size > 1:
            dist.all_reduce(sums)
        return sums.item()


def fit(model, packed: Path, work: Path, limits: Limits, rate: float, workers: int, seed: int, resume: bool) -> tuple[nn.Module, Progress]:
    """Trains until one of the limits is reached; returns the averaged model."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "meeting").unlink(missing_ok=True)
    if not resume:
        (work / CHECKPOINT).unlink(missing_ok=True)
    settings = (workers, model, packed, work, limits, rate, seed)
    if workers == 1:
        train(0, *settings)
    else:
        torch.multiprocessing.spawn(train, settings, nprocs=workers)
    state = torch.load(work / CHECKPOINT, map_location="cpu", weights_only=True)
    model.load_state_dict(state["average"])
    return model.eval(), Progress(**state["progress"])


def train(rank: int, size: int, model, packed: Path, work: Path, limits: Limits, rate: float, seed: int) -> None:
    """One worker's loop. It goes on from the folder's checkpoint, and leaves its result there."""
    torch.manual_seed(seed + rank)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    workers, mix, checkpoint = Workers(rank, size, work), Mix(packed, seed), work / CHECKPOINT
    # What `spawn` hands over lies in memory that all workers share.
    model, link = copy.deepcopy(model).to(device).train(), SourceLink(mix.packed).to(device)
    average = copy.deepcopy(model).eval()
    # The mean of weights that do not change is what they are.
    learned = zip(*((mean, own) for mean, own in zip(average.parameters(), model.parameters(), strict=True) if own.requires_grad), strict=True)
    learned = [list(parameters) for parameters in learned]
    optimizer, progress = make_optimizer(model, link, rate), Progress()
    parts = {"model": model, "average": average, "link": link, "optimizer": optimizer}
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        progress = Progress(**state["progress"])
        print(f"resumed at step {progress.steps}, {progress.seconds / 60:.1f} minutes")

    clock = time.monotonic() - progress.seconds
    since = Progress(seconds=progress.seconds)  # what this worker did since the workers last met
    saved, done, losses = progress.seconds, limits.done(progress, mix), []
    for epoch, bucket, batch in mix.stream(progress.epoch, progress.bucket, rank, size, lambda: SHORT_TOKENS if done < SHORT_UNTIL else MAX_TOKENS):
        batch = {name: tensor.to(device) for name, tensor in batch.items()}
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate_factor(min(done, 1.0))
        with torch.autocast(device, torch.bfloat16):
            logits = first_token_logits(model, batch["input_ids"], batch["attention_mask"])
        logits = logits.float()
        loss = loss_of(*link(logits, batch["source"]), batch) + TEACHER_WEIGHT * taught_loss(logits, batch["teacher"]) / len(logits)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        decay = min(EMA_DECAY, (1 + progress.steps) / (10 + progress.steps))
        with torch.no_grad():
            torch._foreach_lerp_(*learned, 1 - decay)
        progress.steps += 1
        since.samples += len(batch["source"])
        since.tokens += int(batch["attention_mask"].sum())
        losses.append(loss.item())
        seconds = time.monotonic() - clock
        so_far = Progress(seconds, progress.samples + size * since.samples, progress.tokens + size * since.tokens)
        done = limits.done(so_far, mix)
        if seconds < since.seconds + SECONDS_PER_MEETING:
            continue
        workers.average(model, link, average)
        progress.samples += int(workers.total(since.samples))
        progress.tokens += int(workers.total(since.tokens))
        # All workers must agree on whether this was the last meeting.
        progress.seconds = workers.total(seconds) / size
        done = limits.done(progress, mix)
        progress.epoch, progress.bucket = epoch, bucket
        since, clock = Progress(seconds=progress.seconds), time.monotonic() - progress.seconds
        if rank == 0 and (done >= 1.0 or progress.seconds >= saved + SECONDS_PER_CHECKPOINT):
            saved = progress.seconds
            save(checkpoint, progress=asdict(progress), **{name: part.state_dict() for name, part in parts.items()})
        if rank == 0:
            print(
                f"{progress.seconds / 60:6.1f} min  step {progress.steps}  samples {progress.samples}  loss {np.mean(losses):.4f}  "
                f"{progress.tokens / progress.seconds:.0f} tokens/s  {100 * done:.1f} %",
                flush=True,
            )
            losses = []
        if done >= 1.0:
            break
    if rank == 0:
        report_links(link)


def report_links(link: SourceLink) -> None:
    """The learned offsets of toxicity: how each set's word stands to Wikipedia's."""
    for index, name in enumerate(link.names):
        if link.bias_free[index, 0]:
            print(f"link {name:<18} toxicity bias {link.bias[index, 0]:+.2f} scale {link.log_scale[index, 0].exp():.2f}")
