"""The ids of a tokenizer that a sequence begins, ends and is filled up with: BERT's, or XLM-R's."""

from dataclasses import astuple, dataclass

from tokenizers import Tokenizer


@dataclass(frozen=True)
class Special:
    first: int
    last: int
    pad: int

    def ids(self) -> tuple[int, int, int]:
        return astuple(self)


BERT = Special(101, 102, 0)
NAMES = (("[CLS]", "[SEP]", "[PAD]"), ("<s>", "</s>", "<pad>"))


def special_of(tokenizer: Tokenizer) -> Special:
    for names in NAMES:
        ids = [tokenizer.token_to_id(name) for name in names]
        if None not in ids:
            return Special(*ids)
    raise SystemExit("tokenizer: it has neither [CLS], [SEP] and [PAD] nor <s>, </s> and <pad>; use one of BERT or XLM-R")
