"""Requests of clients that cannot be installed here, replayed with texts of our own.

Each is built as the client's source builds it: the same keys, the same order and types, the same
headers. `read_...` reads the answer as that client does.
"""

import hashlib
import hmac
import html
import json
import os
import unittest

import served
from served import ATTRIBUTES, KIND, SENTENCES, SPANS, TOXIC, answers, request, same

URL = os.environ["COMITY_URL"]
ANALYZE = f"{URL}/v1alpha1/comments:analyze?key=k"


class Replay(unittest.TestCase):
    def setUp(self) -> None:
        self.answers = answers()

    def send(self, body: object, url: str = ANALYZE, **headers: str) -> dict:
        status, found, answer = request(url, body, headers=headers)
        self.assertEqual(status, 200, answer)
        self.assertTrue(found["Content-Type"].startswith("application/json"), found["Content-Type"])
        return json.loads(answer)

    def check(self, value: float, text: str, attribute: str = "TOXICITY") -> None:
        expected = self.answers[text][ATTRIBUTES[attribute]]
        self.assertTrue(same(value, expected), (text, attribute, value, expected))

    def test_coral_toxic_comments(self) -> None:
        """Coral appends the operation to the path of its setting "endpoint"."""
        for model in ATTRIBUTES:
            body = {
                "comment": {"text": TOXIC},
                "doNotStore": True,
                "requestedAttributes": {model: {}},
                "languages": ["en"],
            }
            data = self.send(body, f"{URL}/v1alpha1/comments:analyze?key={model}")
            self.check(data["attributeScores"][model]["summaryScore"]["value"], TOXIC, model)

    def test_coral_feedback(self) -> None:
        place = {"url": "https://news.example.org/ferry?commentID=c1", "Coral_comment_id": "c1"}
        for value in (0, 1):
            body = {
                "comment": {"text": TOXIC},
                "context": {"entries": [{"text": json.dumps(place)}]},
                "attributeScores": {"TOXICITY": {"summaryScore": {"value": value}}},
                "languages": ["en"],
                "communityId": "Coral:https://coral.example.org",
                "clientToken": "comment:c1",
            }
            found = self.send(body, f"{URL}/v1alpha1/comments:suggestscore?key=k")
            self.assertEqual(found["clientToken"], "comment:c1")

    def test_coral_external_moderation_phase(self) -> None:
        url = f"{URL}/coral/moderate"

        def phase(
            text: str, action: str = "NEW", signature: str | None = None
        ) -> tuple[int, bytes]:
            body = json.dumps(
                {
                    "action": action,
                    "comment": {"body": html.escape(text, quote=False), "parentID": None},
                    "author": {"id": "u1", "role": "COMMENTER"},
                    "story": {"id": "s1", "url": "https://news.example.org/ferry"},
                    "site": {"id": "i1"},
                    "tenantID": "t1",
                    "tenantDomain": "coral.example.org",
                },
                ensure_ascii=False,
                separators=(",", ":"),
            )
            digest = hmac.new(
                served.CORAL_SECRET.encode(), body.encode(), hashlib.sha256
            ).hexdigest()
            # A secret that is being replaced signs, too; a comma separates the signatures.
            signature = signature or f"sha256={'0' * 64},sha256={digest}"
            status, _, answer = request(url, body, headers={"X-Coral-Signature": signature})
            return status, answer

        for text in (TOXIC, KIND, *served.HARD):
            for action in ("NEW", "EDIT"):
                status, answer = phase(text, action)
                if self.answers[text]["action"] == "approve":
                    # 204, an empty answer and {} all mean that the phase has nothing to say.
                    self.assertTrue(
                        status == 204 and not answer or answer == b"{}", (status, answer)
                    )
                    continue
                self.assertEqual(status, 200, answer)
                found = json.loads(answer)
                # Coral strips keys that it does not know.
                [flag] = found["actions"]
                self.assertEqual(flag["actionType"], "FLAG")
                self.assertEqual(flag["reason"], "COMMENT_DETECTED_TOXIC")
                self.assertIn(
                    found.get("status", "NONE"),
                    ("NONE", "APPROVED", "REJECTED", "PREMOD", "SYSTEM_WITHHELD"),
                )
        for signature in (f"sha256={'0' * 64}", "sha256=", "nothing"):
            status, _ = phase(TOXIC, signature=signature)
            self.assertIn(status, (401, 403), signature)

    def test_r_perspective(self) -> None:
        """R's peRspective: languages as a bare string, and the first key of the answer is read."""
        for text in (TOXIC, KIND):
            for languages in ({}, {"languages": "en"}):
                body = {
                    "comment": {"text": text},
                    "spanAnnotations": False,
                    "requestedAttributes": {"TOXICITY": {}, "SEVERE_TOXICITY": {}},
                    "doNotStore": False,
                }
                output = self.send(body | languages)
                self.assertNotIn("error", "".join(output))
                first = next(iter(output.values()))
                for model in ("TOXICITY", "SEVERE_TOXICITY"):
                    self.check(first[model]["spanScores"][0]["score"]["value"], text, model)
        body = {
            "comment": {"text": SPANS},
            "spanAnnotations": True,
            "requestedAttributes": {"TOXICITY": {}},
            "doNotStore": False,
        }
        spans = next(iter(self.send(body).values()))["TOXICITY"]["spanScores"]
        self.assertEqual(len(spans), len(SENTENCES))
        for span, sentence in zip(spans, SENTENCES):
            self.check(span["score"]["value"], sentence)

    def test_rust_perspective_api(self) -> None:
        """The crate perspective_api: its service sends empty strings for what is not set."""
        body = {
            "comment": {"text": TOXIC},
            "requestedAttributes": {"TOXICITY": {}},
            "spanAnnotations": False,
            "doNotStore": True,
            "clientToken": "",
            "sessionId": "",
            "communityId": "",
        }
        found = self.send(body)
        attribute = found["attributeScores"]["TOXICITY"]
        self.check(attribute["summaryScore"]["value"], TOXIC)
        # Its type of a score is an enum of this one value.
        self.assertEqual(attribute["summaryScore"]["type"], "PROBABILITY")
        self.assertIsInstance(attribute["spanScores"][0]["begin"], int)
        # It tells its errors apart by the first detail, and one of them by the message.
        status, _, answer = request(ANALYZE, body | {"comment": {"text": ""}})
        error = json.loads(answer)["error"]
        self.assertEqual((status, error["code"]), (400, 400))
        self.assertEqual(error["details"][0]["errorType"], "COMMENT_EMPTY")
        status, _, answer = request(ANALYZE, body | {"comment": {"text": "x" * 20_992}})
        error = json.loads(answer)["error"]
        self.assertEqual((status, error["code"]), (400, 400))
        self.assertIn("too many bytes", error["message"])
        guarded = os.environ["COMITY_GUARDED_URL"]
        status, _, answer = request(f"{guarded}/v1alpha1/comments:analyze?key=rubbish", body)
        error = json.loads(answer)["error"]
        self.assertEqual((status, error["code"]), (400, 400))
        self.assertEqual(error["details"][0]["reason"], "API_KEY_INVALID")
        # The live service answers 403 if there is no key at all, and the crate does not read more.
        status, _, _ = request(f"{guarded}/v1alpha1/comments:analyze?key=", body)
        self.assertEqual(status, 403)

    def test_n8n(self) -> None:
        """n8n: a score type in lower case, a bare string as languages, OAuth2 in place of a key."""
        requested = {"scoreType": "probability", "scoreThreshold": 0}
        body = {
            "comment": {"type": "PLAIN_TEXT", "text": TOXIC},
            "requestedAttributes": {"TOXICITY": requested, "INSULT": requested},
            "languages": "en",
        }
        found = self.send(
            body,
            f"{URL}/v1alpha1/comments:analyze",
            Authorization="Bearer ya29.token",
            Accept="application/json",
        )
        for attribute in ("TOXICITY", "INSULT"):
            self.check(
                found["attributeScores"][attribute]["summaryScore"]["value"], TOXIC, attribute
            )
        self.assertEqual(found["languages"], ["en"])

    def test_harassment_manager(self) -> None:
        """Jigsaw's harassment manager: the names of protocol buffers."""
        body = {
            "comment": {"text": TOXIC},
            "languages": ["en"],
            "requested_attributes": {name: {"score_type": "PROBABILITY"} for name in ATTRIBUTES},
            "do_not_store": True,
            "client_token": "t",
            "session_id": "s",
            "community_id": "c",
            "span_annotations": True,
        }
        found = self.send(body)
        self.assertEqual(found["clientToken"], "t")
        for attribute in ATTRIBUTES:
            self.check(
                found["attributeScores"][attribute]["summaryScore"]["value"], TOXIC, attribute
            )

    def test_4cat(self) -> None:
        """4CAT, over Google's client: text and attributes, and nothing else."""
        for text in (TOXIC, KIND):
            body = {
                "comment": {"text": text},
                "requestedAttributes": {name: {} for name in ATTRIBUTES},
            }
            url = f"{URL}/v1alpha1/comments:analyze?key=k&alt=json"
            found = self.send(body, url, **{"User-Agent": "(gzip)", "Accept-Encoding": "identity"})
            for attribute in ATTRIBUTES:
                self.check(
                    found["attributeScores"][attribute]["summaryScore"]["value"], text, attribute
                )

    def test_sentiment_bot_and_velocity(self) -> None:
        """sentiment-bot and velocity-api: what their libraries send.

        That of velocity-api 3.0.0 reads no answer on Node.js 16 or later, whoever sends it.
        """
        bot = {
            "comment": {"text": TOXIC},
            "requestedAttributes": {"TOXICITY": {}},
            "doNotStore": True,
        }
        found = self.send(bot, **{"Content-Type": "application/json;charset=utf-8"})
        self.check(found["attributeScores"]["TOXICITY"]["summaryScore"]["value"], TOXIC)
        velocity = {
            "comment": {"text": TOXIC},
            "doNotStore": True,
            "languages": ["en"],
            "requestedAttributes": {"TOXICITY": {}, "THREAT": {}},
        }
        for attribute, scores in self.send(velocity)["attributeScores"].items():
            self.check(scores["summaryScore"]["value"], TOXIC, attribute)

    def test_every_query_parameter_of_google_is_tolerated(self) -> None:
        query = "&$.xgafv=2&alt=json&prettyPrint=false&quotaUser=u&fields=*"
        query += "&uploadType=media&upload_protocol=raw"
        body = {"comment": {"text": TOXIC}, "requestedAttributes": {"TOXICITY": {}}}
        self.check(
            self.send(body, ANALYZE + query)["attributeScores"]["TOXICITY"]["summaryScore"][
                "value"
            ],
            TOXIC,
        )

    def test_the_answer_has_the_key_order_of_the_live_service(self) -> None:
        body = {
            "comment": {"text": TOXIC},
            "requestedAttributes": {"TOXICITY": {}},
            "clientToken": "t",
        }
        found = self.send(body)
        self.assertEqual(list(found)[:3], ["attributeScores", "languages", "detectedLanguages"])
        self.assertEqual(list(found["attributeScores"]["TOXICITY"]), ["spanScores", "summaryScore"])
        self.assertEqual(
            list(found["attributeScores"]["TOXICITY"]["spanScores"][0]), ["begin", "end", "score"]
        )

    def test_policyserv(self) -> None:
        """Matrix's policyserv reads `flagged` and `sexual/minors`."""
        body = {"input": TOXIC, "model": "omni-moderation-latest"}
        result = self.send(body, f"{URL}/v1/moderations", Authorization="Bearer k")["results"][0]
        self.assertIs(result["flagged"], True)
        self.assertIs(result["categories"]["sexual/minors"], False)

    def test_synapse_http_antispam(self) -> None:
        """Matrix's Synapse: any 2xx is approval, any other answer with JSON a rejection."""
        url = f"{URL}/matrix"
        for text in (TOXIC, KIND):
            event = {
                "type": "m.room.message",
                "room_id": "!r:example.org",
                "sender": "@a:example.org",
                "content": {"msgtype": "m.text", "body": text},
                "event_id": "$e",
                "origin_server_ts": 1,
            }
            status, _, answer = request(f"{url}/check_event_for_spam", {"event": event})
            rejected = self.answers[text]["action"] == "reject"
            self.assertEqual(
                (status, "errcode" in json.loads(answer)), (403, True) if rejected else (200, False)
            )
        self.assertEqual(request(f"{url}/user_may_join_room", {"user": "@a:example.org"})[0], 200)
        self.assertEqual(self.send({"id": "p"}, f"{url}/ping")["status"], "ok")

    def test_our_own_shape(self) -> None:
        texts = served.TEXTS
        found = self.send(
            [{"text": text, "id": str(number)} for number, text in enumerate(texts)],
            f"{URL}/v1/score",
        )
        self.check_rows(found)
        lines = "".join(
            json.dumps({"text": text, "id": str(number)}) + "\n"
            for number, text in enumerate(texts)
        )
        headers = {"Content-Type": "application/x-ndjson"}
        status, _, answer = request(f"{URL}/v1/score", lines, headers=headers)
        self.assertEqual(status, 200)
        self.check_rows([json.loads(line) for line in answer.splitlines()])

    def check_rows(self, found: list[dict]) -> None:
        self.assertEqual(
            [row["id"] for row in found], [str(number) for number in range(len(served.TEXTS))]
        )
        for row, text in zip(found, served.TEXTS):
            for label in [*ATTRIBUTES.values(), "sentiment", "negative", "neutral", "positive"]:
                self.assertTrue(
                    same(float(row[label]), self.answers[text][label]), (text, label, row)
                )


if __name__ == "__main__":
    unittest.main()
