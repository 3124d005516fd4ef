"""Clients of Text Embeddings Inference: huggingface_hub, and the request that Discourse sends."""

import json
import os
import unittest

import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError

import served
from served import TEXTS, TOXIC, answers, request, same

URL = os.environ["COMITY_URL"]
# The labels of the two classifiers that the server has, by their addresses.
TOXICITY = {"toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"}
SENTIMENT = {"negative", "neutral", "positive"}
CLASSIFIERS = {"": TOXICITY, "/toxicity": TOXICITY, "/sentiment": SENTIMENT}


class Tei(unittest.TestCase):
    def setUp(self) -> None:
        self.answers = answers()

    def check(self, found: list[dict], text: str, labels: set[str]) -> None:
        self.assertEqual({element["label"] for element in found}, labels)
        for element in found:
            self.assertTrue(
                same(element["score"], self.answers[text][element["label"]]), (text, element)
            )
        scores = [element["score"] for element in found]
        self.assertEqual(scores, sorted(scores, reverse=True), "TEI answers the best label first")

    def test_huggingface_hub(self) -> None:
        for path, labels in CLASSIFIERS.items():
            client = huggingface_hub.InferenceClient(model=f"{URL}{path}/predict", token=served.KEY)
            for text in TEXTS:
                # The client returns the first element of what it expects to be a batch: of a text,
                # TEI answers the labels themselves, so that is the best label.
                found = client.text_classification([[text]])
                self.check(
                    [{"label": one.label, "score": one.score} for one in found], text, labels
                )
                best = client.text_classification(text)
                self.assertEqual((best.label, best.score), (found[0].label, found[0].score))
        with self.assertRaises(HfHubHTTPError) as raised:
            client.text_classification([])
        self.assertIn(raised.exception.response.status_code, (400, 413, 422))

    def test_discourse(self) -> None:
        """Sends what the plug-in for AI sends to the endpoint of its setting."""
        headers = {
            "Referer": "https://forum.example.org",
            "Authorization": f"Bearer {served.KEY}",
            "X-API-KEY": served.KEY,
        }
        for text in TEXTS:
            body = {"inputs": text, "truncate": True}
            status, _, answer = request(f"{URL}/sentiment/predict", body, headers=headers)
            self.assertEqual(status, 200)
            self.check(json.loads(answer), text, SENTIMENT)

    def test_a_batch_is_a_list_of_lists(self) -> None:
        status, _, answer = request(f"{URL}/predict", {"inputs": [[text] for text in TEXTS]})
        self.assertEqual(status, 200, answer)
        found = json.loads(answer)
        self.assertEqual(len(found), len(TEXTS))
        for element, text in zip(found, TEXTS):
            self.check(element, text, TOXICITY)

    def test_two_strings_are_a_pair_not_a_batch(self) -> None:
        status, _, answer = request(f"{URL}/predict", {"inputs": ["You are", "a fool."]})
        if status == 200:
            self.assertIsInstance(json.loads(answer)[0], dict, "one result for the pair")
        else:
            self.assertEqual(json.loads(answer)["error_type"], "Validation")

    def test_info_and_health(self) -> None:
        for path, labels in CLASSIFIERS.items():
            status, _, answer = request(f"{URL}{path}/info", method="GET")
            self.assertEqual(status, 200)
            classifier = json.loads(answer)["model_type"]["classifier"]
            self.assertEqual(set(classifier["id2label"].values()), labels)
            self.assertEqual(
                {int(number): label for number, label in classifier["id2label"].items()},
                {number: label for label, number in classifier["label2id"].items()},
            )
        self.assertEqual(request(f"{URL}/health", method="GET")[0], 200)

    def test_errors(self) -> None:
        for body in ("{", {"inputs": 7}, {}):
            status, _, answer = request(f"{URL}/predict", body)
            self.assertIn(status, (400, 413, 422), answer)
            self.assertLessEqual({"error", "error_type"}, set(json.loads(answer)), answer)

    def test_keys(self) -> None:
        guarded = os.environ["COMITY_GUARDED_URL"]
        body = {"inputs": TOXIC}
        for headers, expected in (
            ({}, 401),
            ({"X-API-KEY": "another"}, 401),
            ({"X-API-KEY": served.KEY}, 200),
            ({"Authorization": f"Bearer {served.KEY}"}, 200),
        ):
            self.assertEqual(
                request(f"{guarded}/predict", body, headers=headers)[0], expected, headers
            )


if __name__ == "__main__":
    unittest.main()
