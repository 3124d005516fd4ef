"""`python -m unittest discover scripts/train`: what must hold for training and program to agree, without any data."""

import math
import random
import tomllib
import unittest
from pathlib import Path

import numpy as np
import torch
from calibrate import fit_platt
from evade import WORD_TRICKS
from fit import loss_of, taught_loss
from metrics import ece
from normalize import normalize
from pack import exact_key, loose_key
from predict import windows


class Normalising(unittest.TestCase):
    """The cases are those of the Rust twin."""

    CASES = tomllib.loads((Path(__file__).parents[2] / "tests/text/normalize/all.toml").read_text(encoding="utf-8"))["case"]

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


if __name__ == "__main__":
    unittest.main()
