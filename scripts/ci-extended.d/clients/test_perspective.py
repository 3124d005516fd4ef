"""Clients of Perspective for Python: google-api-python-client, perspective and perspective.py."""

import importlib
import json
import os
import sys
import unittest
import urllib.error

from googleapiclient import discovery
from googleapiclient.errors import HttpError

import served
from served import ATTRIBUTES, SENTENCES, SPANS, THREAT, TOXIC, answers, same

URL = os.environ["COMITY_URL"]
# True if commentanalyzer.googleapis.com is the server under test.
HOSTS = bool(os.environ.get("COMITY_HOSTS"))


def client(url: str = URL, key: str = served.KEY):
    """Returns Google's client as 4CAT, HELM and the documentation of Perspective make it."""
    return discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=key,
        static_discovery=False,
        discoveryServiceUrl=f"{url}/$discovery/rest?version=v1alpha1",
    )


def body(text: str, *attributes: str, **more: object) -> dict:
    requested = {attribute: {} for attribute in attributes or ["TOXICITY"]}
    return {"comment": {"text": text}, "requestedAttributes": requested} | more


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, begin: int, end: int) -> str:
    return text.encode("utf-16-le")[2 * begin : 2 * end].decode("utf-16-le")


class Google(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.service = client()
        cls.answers = answers()

    def analyze(self, request: dict) -> dict:
        return self.service.comments().analyze(body=request).execute()

    def refused(self, request: dict) -> tuple[str, dict]:
        """Returns the message and the detail of the HttpError that a request raises."""
        with self.assertRaises(HttpError) as raised:
            self.analyze(request)
        error = raised.exception
        self.assertEqual(error.resp.status, 400)
        content = json.loads(error.content)["error"]
        self.assertEqual((content["code"], content["status"]), (400, "INVALID_ARGUMENT"))
        self.assertEqual(error.reason, content["message"])
        details = content.get("details", [{}])
        # The client shows the details in place of the message if there are any.
        if "details" in content:
            self.assertEqual(error.error_details, details)
        return content["message"], details[0]

    def test_every_attribute_has_the_score_of_the_command_line(self) -> None:
        for text in served.TEXTS:
            answer = self.analyze(body(text, *ATTRIBUTES))
            self.assertEqual(set(answer["attributeScores"]), set(ATTRIBUTES), text)
            for attribute, label in ATTRIBUTES.items():
                found, expected = answer["attributeScores"][attribute], self.answers[text][label]
                self.assertEqual(found["summaryScore"]["type"], "PROBABILITY")
                self.assertTrue(
                    same(found["summaryScore"]["value"], expected), (text, attribute, found)
                )
                span = {"begin": 0, "end": units(text), "score": found["summaryScore"]}
                self.assertEqual(found["spanScores"], [span], text)
            self.assertEqual(answer["languages"], ["en"])
            self.assertEqual(answer["detectedLanguages"][0], "en")
            self.assertNotIn("clientToken", answer)

    def test_experimental_names(self) -> None:
        names = [f"{attribute}_EXPERIMENTAL" for attribute in ATTRIBUTES]
        found = self.analyze(body(TOXIC, *names))["attributeScores"]
        self.assertEqual(set(found), set(names))
        for name in names:
            label = ATTRIBUTES[name.removesuffix("_EXPERIMENTAL")]
            self.assertTrue(
                same(found[name]["summaryScore"]["value"], self.answers[TOXIC][label]), name
            )

    def test_spans_are_sentences_in_utf_16(self) -> None:
        answer = self.analyze(body(SPANS, "TOXICITY", "INSULT", spanAnnotations=True))
        for attribute in ("TOXICITY", "INSULT"):
            label, found = ATTRIBUTES[attribute], answer["attributeScores"][attribute]
            self.assertTrue(same(found["summaryScore"]["value"], self.answers[SPANS][label]))
            spans = [
                (cut(SPANS, span["begin"], span["end"]), span["score"])
                for span in found["spanScores"]
            ]
            self.assertEqual([text.strip() for text, _ in spans], SENTENCES)
            for text, score in spans:
                self.assertEqual(score["type"], "PROBABILITY")
                expected = self.answers[text.strip()][label]
                self.assertTrue(same(score["value"], expected), (text, attribute, score, expected))

    def test_what_else_a_request_may_have(self) -> None:
        context = {"entries": [{"text": THREAT, "type": "PLAIN_TEXT"}]}
        more = dict(
            languages=["en"], doNotStore=True, sessionId="s", communityId="c", context=context
        )
        answer = self.analyze(body(TOXIC, clientToken="token 1", **more))
        self.assertEqual(answer["clientToken"], "token 1")
        self.assertEqual(answer["languages"], ["en"])
        value = answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"]
        self.assertTrue(same(value, self.answers[TOXIC]["toxicity"]))
        article = {
            "articleAndParentComment": {
                "article": {"text": THREAT},
                "parentComment": {"text": "No."},
            }
        }
        answer = self.analyze(body(TOXIC, context=article))
        self.assertTrue(
            same(
                answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"],
                self.answers[TOXIC]["toxicity"],
            )
        )

    def test_html(self) -> None:
        request = body(served.HTML)
        request["comment"]["type"] = "HTML"
        value = self.analyze(request)["attributeScores"]["TOXICITY"]["summaryScore"]["value"]
        self.assertTrue(same(value, self.answers[served.HTML_TEXT]["toxicity"]), value)

    def test_score_threshold(self) -> None:
        toxicity = self.answers[TOXIC]["toxicity"]
        for threshold, attributes in (
            (toxicity - 0.01, {"TOXICITY", "INSULT"}),
            (toxicity + 0.01, {"INSULT"}),
        ):
            request = body(TOXIC, "INSULT")
            request["requestedAttributes"]["TOXICITY"] = {
                "scoreType": "PROBABILITY",
                "scoreThreshold": threshold,
            }
            self.assertEqual(
                set(self.analyze(request).get("attributeScores", {})), attributes, threshold
            )

    def test_attributes_that_are_not_supported(self) -> None:
        for attribute in ("SEXUALLY_EXPLICIT", "SPAM", "REASONING_EXPERIMENTAL"):
            message, _ = self.refused(body(TOXIC, "TOXICITY", attribute))
            self.assertIn(attribute, message)
            answer = self.analyze(
                body(TOXIC, "TOXICITY", attribute, dropUnsupportedAttributes=True)
            )
            self.assertEqual(set(answer["attributeScores"]), {"TOXICITY"})
        message, _ = self.refused(body(TOXIC, "NO_SUCH_THING"))
        self.assertEqual(message, "Unknown requested attribute: NO_SUCH_THING")

    def test_an_unsupported_language_is_refused_and_never_scored(self) -> None:
        kind = "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
        message, detail = self.refused(body(TOXIC, languages=["om"]))
        self.assertEqual(message, "Attribute TOXICITY does not support request languages: om")
        self.assertEqual(
            detail["@type"], "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
        )
        self.assertEqual(detail["errorType"], kind)
        self.assertEqual(
            detail["languageNotSupportedByAttributeError"],
            {"requestedLanguages": ["om"], "attribute": "TOXICITY"},
        )
        message, detail = self.refused(body(served.GEORGIAN))
        self.assertEqual(message, "Attribute TOXICITY does not support request languages: ka")
        self.assertEqual(detail["errorType"], kind)
        self.assertEqual(
            detail["languageNotSupportedByAttributeError"],
            {"detectedLanguages": ["ka"], "attribute": "TOXICITY"},
        )

    def test_errors_of_a_request(self) -> None:
        both = {"entries": [{"text": "a"}], "articleAndParentComment": {"article": {"text": "b"}}}
        score_type = body(TOXIC)
        score_type["requestedAttributes"]["TOXICITY"] = {"scoreType": "PERCENTILE"}
        for request, message, kind in (
            (body(""), "Comment must be non-empty.", "COMMENT_EMPTY"),
            (
                body("x" * 20_481),
                "Comment text was too many bytes. Value (20481) exceeded limit (20480).",
                "COMMENT_TOO_LONG",
            ),
            (
                {"comment": {"text": TOXIC}},
                "Missing requested_attributes",
                "NO_REQUESTED_ATTRIBUTES",
            ),
            (
                score_type,
                "Requested score type PERCENTILE is not supported by attribute TOXICITY",
                None,
            ),
            (
                body(TOXIC, context=both),
                "Context can have either entries or article_and_parent_comment, "
                "but both fields were populated.",
                None,
            ),
        ):
            found, detail = self.refused(request)
            self.assertEqual(found, message)
            if kind:
                self.assertEqual(detail["errorType"], kind, message)

    def test_suggestscore(self) -> None:
        request = {
            "comment": {"text": TOXIC},
            "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}},
            "languages": ["en"],
            "communityId": "/forum/movies",
            "clientToken": "comment-1",
        }
        answer = self.service.comments().suggestscore(body=request).execute()
        self.assertEqual(answer["clientToken"], "comment-1")
        self.assertEqual(answer["requestedLanguages"], ["en"])
        with self.assertRaises(HttpError) as raised:
            self.service.comments().suggestscore(body=request | {"attributeScores": {}}).execute()
        self.assertEqual(raised.exception.resp.status, 400)

    def test_a_batch_keeps_order_and_reports_each_error(self) -> None:
        answered = []
        batch = self.service.new_batch_http_request(
            callback=lambda name, answer, error: answered.append((name, answer, error))
        )
        texts = [*served.TEXTS, served.GEORGIAN, ""]
        for number, text in enumerate(texts):
            batch.add(
                self.service.comments().analyze(body=body(text, clientToken=f"t{number}")),
                request_id=f"id {number}",
            )
        batch.execute()
        self.assertEqual(
            [name for name, _, _ in answered], [f"id {number}" for number in range(len(texts))]
        )
        for number, (text, (_, answer, error)) in enumerate(zip(texts, answered)):
            if text in ("", served.GEORGIAN):
                self.assertIsInstance(error, HttpError)
                self.assertEqual(error.resp.status, 400)
                continue
            self.assertIsNone(error, text)
            self.assertEqual(answer["clientToken"], f"t{number}")
            value = answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"]
            self.assertTrue(same(value, self.answers[text]["toxicity"]), text)

    def test_keys(self) -> None:
        guarded = os.environ["COMITY_GUARDED_URL"]
        if HOSTS:
            self.skipTest("the server of the hard-coded host has no keys")
        service = client(guarded)
        answer = service.comments().analyze(body=body(TOXIC)).execute()
        self.assertTrue(
            same(
                answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"],
                self.answers[TOXIC]["toxicity"],
            )
        )
        # Google answers a key that it does not know with 400, other services with 401 or 403.
        with self.assertRaises(HttpError) as raised:
            client(guarded, "another key of 32 bytes in all..").comments().analyze(
                body=body(TOXIC)
            ).execute()
        error = raised.exception
        self.assertIn(error.resp.status, (400, 401, 403))
        self.assertIn("API key not valid", error.reason)


class Perspective(unittest.TestCase):
    """The package `perspective`, whose address is an attribute of its client."""

    def setUp(self) -> None:
        module = importlib.import_module("perspective")
        if not hasattr(module, "PerspectiveAPI"):
            self.skipTest("another package of the same name is on the path")
        self.api = module.PerspectiveAPI(served.KEY)
        if not HOSTS:
            self.api.api_client.url = URL + "/v1alpha1/{endpoint}"
        self.answers = answers()

    def test_score(self) -> None:
        found = self.api.score(TOXIC, tests=["TOXICITY", "INSULT", "PROFANITY"])
        self.assertEqual(set(found), {"TOXICITY", "INSULT", "PROFANITY"})
        for attribute, value in found.items():
            self.assertTrue(same(value, self.answers[TOXIC][ATTRIBUTES[attribute]]), attribute)

    def test_analyze_comment(self) -> None:
        found = self.api.analyze_comment(
            SPANS,
            comment_type="PLAIN_TEXT",
            context=[{"text": "A ferry.", "type": "PLAIN_TEXT"}],
            requested_attributes={"TOXICITY": {"scoreType": "PROBABILITY", "scoreThreshold": 0.1}},
            span_annotations=True,
            languages=["en"],
            do_not_store=True,
            client_token="t",
            session_id="s",
            community_id="c",
        )
        self.assertEqual(found["clientToken"], "t")
        self.assertEqual(len(found["attributeScores"]["TOXICITY"]["spanScores"]), len(SENTENCES))

    def test_suggest_score(self) -> None:
        found = self.api.suggest_score(
            TOXIC, {"TOXICITY": {"summaryScore": {"value": 1.0}}}, client_token="t"
        )
        self.assertEqual(found["clientToken"], "t")

    def test_an_error_is_an_http_error(self) -> None:
        with self.assertRaises(urllib.error.HTTPError) as raised:
            self.api.score("")
        self.assertEqual(raised.exception.code, 400)
        error = json.load(raised.exception)["error"]
        self.assertEqual(error["message"], "Comment must be non-empty.")


@unittest.skipUnless(
    HOSTS and os.environ.get("COMITY_MORE"), "for the hard-coded host, in the long form"
)
class PerspectivePy(unittest.TestCase):
    """The package `perspective.py`, whose address is fixed."""

    def setUp(self) -> None:
        sys.modules.pop("perspective", None)
        sys.path.insert(0, os.environ["COMITY_MORE"])
        self.addCleanup(sys.path.remove, os.environ["COMITY_MORE"])
        self.addCleanup(sys.modules.pop, "perspective", None)
        self.module = importlib.import_module("perspective")
        self.client = self.module.Client(token=served.KEY)

    def test_analyze(self) -> None:
        found = self.client.analyze(TOXIC, attributes=["TOXICITY", "INSULT"], return_raw=True)
        for attribute in ("TOXICITY", "INSULT"):
            value = found["attributeScores"][attribute]["summaryScore"]["value"]
            self.assertTrue(same(value, answers()[TOXIC][ATTRIBUTES[attribute]]), found)

    def test_an_unsupported_language(self) -> None:
        with self.assertRaises(self.module.errors.UnsupportedLanguage):
            self.client.analyze(served.GEORGIAN, attributes=["TOXICITY"])


if __name__ == "__main__":
    unittest.main()
