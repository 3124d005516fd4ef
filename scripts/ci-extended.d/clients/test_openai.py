"""OpenAI's SDK for Python."""

import os
import unittest

import openai

import served
from served import TEXTS, TOXIC, answers, categories, same

URL = os.environ["COMITY_URL"]
ALL = {
    "harassment",
    "harassment/threatening",
    "sexual",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm/intent",
    "self-harm/instructions",
    "self-harm",
    "sexual/minors",
    "violence",
    "violence/graphic",
}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}


class Moderations(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        # Without retries, so that an error is seen at once.
        cls.client = openai.OpenAI(base_url=f"{URL}/v1", api_key=served.KEY, max_retries=0)
        cls.answers = answers()

    def check(self, result, text: str) -> None:
        scores = result.category_scores.model_dump(by_alias=True)
        flags = result.categories.model_dump(by_alias=True)
        types = result.category_applied_input_types.model_dump(by_alias=True)
        self.assertEqual((set(scores), set(flags), set(types)), (ALL, ALL, ALL))
        expected = categories(self.answers[text])
        for category in ALL:
            if category in expected:
                self.assertTrue(
                    same(scores[category], expected[category]), (text, category, scores)
                )
                self.assertEqual(types[category], ["text"])
            else:
                self.assertEqual(
                    (scores[category], flags[category], types[category]), (0, False, []), category
                )
        self.assertEqual(result.flagged, any(flags.values()), text)
        self.assertEqual(result.flagged, self.answers[text]["action"] != "approve", text)

    def test_a_text(self) -> None:
        found = self.client.moderations.create(input=TOXIC)
        self.assertTrue(found.id.startswith("modr-"))
        self.assertEqual(found.model, "omni-moderation-latest")
        self.assertEqual(len(found.results), 1)
        self.check(found.results[0], TOXIC)

    def test_a_list_keeps_its_order(self) -> None:
        for model in ("omni-moderation-latest", "text-moderation-stable"):
            found = self.client.moderations.create(input=TEXTS, model=model)
            self.assertEqual(found.model, model)
            self.assertEqual(len(found.results), len(TEXTS))
            for result, text in zip(found.results, TEXTS):
                scores = result.category_scores.model_dump(by_alias=True)
                for category, score in categories(self.answers[text]).items():
                    self.assertTrue(same(scores[category], score), (text, category))

    def test_parts(self) -> None:
        found = self.client.moderations.create(input=[{"type": "text", "text": TOXIC}, IMAGE])
        self.assertEqual(len(found.results), 1)
        self.check(found.results[0], TOXIC)
        for types in found.results[0].category_applied_input_types.model_dump().values():
            self.assertNotIn("image", types)

    def test_errors(self) -> None:
        with self.assertRaises(openai.BadRequestError) as raised:
            self.client.moderations.create(input=[{"type": "text", "text": "a"}, IMAGE, IMAGE])
        self.assertEqual(raised.exception.code, "too_many_images")
        self.assertEqual(raised.exception.type, "invalid_request_error")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.client.moderations.create(input=7)
        self.assertEqual(
            (raised.exception.type, raised.exception.param), ("invalid_request_error", "input")
        )
        with self.assertRaises(openai.APIStatusError) as raised:
            self.client.moderations.create(input="a", model="no-such-model")
        self.assertEqual(raised.exception.type, "invalid_request_error")

    def test_keys(self) -> None:
        guarded = os.environ["COMITY_GUARDED_URL"]
        found = openai.OpenAI(base_url=f"{guarded}/v1", api_key=served.KEY).moderations.create(
            input=TOXIC
        )
        self.check(found.results[0], TOXIC)
        with self.assertRaises(openai.AuthenticationError) as raised:
            openai.OpenAI(base_url=f"{guarded}/v1", api_key="another key").moderations.create(
                input=TOXIC
            )
        self.assertEqual(raised.exception.code, "invalid_api_key")


if __name__ == "__main__":
    unittest.main()
