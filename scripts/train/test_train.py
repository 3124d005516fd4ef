"""`python -m unittest discover scripts/train`: what must hold for training and program to agree, without any data.

Tests that compare wording with the labelled sets are skipped if the folder of data is not there.
"""

import ast
import csv
import math
import random
import re
import tempfile
import tomllib
import unittest
from pathlib import Path

import numpy as np
import torch
from calibrate import fit_platt
from compose import joined, worse
from evade import WORD_TRICKS
from everyday import KINDS, SLOT, WORDS, articles, fill, names
from export import CARD_BEGIN, CARD_END, card_table, write_card
from fit import Limits, Progress, loss_of, taught_loss
from frames import dress
from metrics import ece
from normalize import EMOJI, name_emoji, normalize
from pack import exact_key, loose_key, mask_rude_zeros
from predict import windows
from shortcuts import measure, ngrams, toxic
from sources import SETS, Row, chosen, labels, read

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
        self.assertEqual(chosen(True), set(SETS))
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
