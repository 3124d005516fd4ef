"""Streams of Arrow IPC and of JSON lines to `POST /v1/score`: Arrow by pyarrow, in the long form."""

import importlib
import io
import json
import os
import sys
import unittest

from served import ATTRIBUTES, KEY, TEXTS, answers, request, same

URL = os.environ["COMITY_URL"]
ARROW = "application/vnd.apache.arrow.stream"
LINES = "application/x-ndjson"
COLUMNS = ["sentiment", *ATTRIBUTES.values()]


class Lines(unittest.TestCase):
    def test_every_line_is_answered_in_order(self) -> None:
        records = [{"id": number, "text": text} for number, text in enumerate(TEXTS)]
        body = "".join(json.dumps(record) + "\n" for record in records)
        status, headers, answer = request(
            f"{URL}/v1/score", body, headers={"Content-Type": LINES, "Accept": LINES}
        )
        self.assertEqual((status, headers["Content-Type"]), (200, LINES), answer)
        found = [json.loads(line) for line in answer.splitlines()]
        self.assertEqual([str(row["id"]) for row in found], [str(row["id"]) for row in records])
        for row, text in zip(found, TEXTS):
            for column in COLUMNS:
                self.assertTrue(same(row[column], answers()[text][column]), (text, column))


@unittest.skipUnless(os.environ.get("COMITY_MORE"), "pyarrow is installed in the long form")
class Arrow(unittest.TestCase):
    def setUp(self) -> None:
        sys.path.insert(0, os.environ["COMITY_MORE"])
        self.addCleanup(sys.path.remove, os.environ["COMITY_MORE"])
        self.pa = importlib.import_module("pyarrow")
        self.ipc = importlib.import_module("pyarrow.ipc")

    def post(self, table, rows: int, accept: str = ARROW) -> tuple[int, bytes]:
        """Sends a table in batches of so many rows."""
        body = io.BytesIO()
        with self.ipc.new_stream(body, table.schema) as writer:
            writer.write_table(table, max_chunksize=rows)
        headers = {
            "Content-Type": ARROW,
            "Accept": accept,
            "Authorization": f"Bearer {KEY}",
        }
        status, _, answer = request(f"{URL}/v1/score", body.getvalue(), headers=headers)
        return status, answer

    def test_each_type_of_text_and_null(self) -> None:
        pa = self.pa
        texts = [*TEXTS, None]
        for kind in (pa.string(), pa.large_string(), pa.string_view()):
            for rows in (1, 5, 1000):
                table = pa.table({"other": range(len(texts)), "text": pa.array(texts, kind)})
                status, answer = self.post(table, rows)
                self.assertEqual(status, 200, answer)
                stream = self.ipc.open_stream(answer)
                batches = list(stream)
                self.assertEqual(
                    [batch.num_rows for batch in batches],
                    [batch.num_rows for batch in table.to_batches(max_chunksize=rows)],
                )
                found = pa.Table.from_batches(batches).to_pylist()
                for row, text in zip(found, TEXTS):
                    for column in COLUMNS:
                        self.assertTrue(same(row[column], answers()[text][column]), (text, column))
                self.assertEqual([found[-1][column] for column in COLUMNS], [None] * len(COLUMNS))
                self.assertTrue(found[-1]["unscored"], "a null has the reason why")

    def test_a_table_without_texts_is_an_error(self) -> None:
        status, answer = self.post(self.pa.table({"body": ["Good luck!"]}), 10)
        self.assertEqual(status, 400, answer)
        self.assertIn("text", json.loads(answer)["error"]["message"])


if __name__ == "__main__":
    unittest.main()
