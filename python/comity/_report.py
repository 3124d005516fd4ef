"""The folder of a run, as tables: `Report`."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

# Columns that are no text in every table that has them. All others are text; blanks are null.
_NUMBERS = re.compile(
    r"(.+_)?(toxicity|sentiment|share|low|high|slope|tau|p|gini|evenness|maximum|answered|branching)"
    r"|negative|neutral|positive|severe_toxicity|obscene|threat|insult|identity_attack"
    r"|score|threshold|margin|harm|severity|reach|weight"
)
_COUNTS = {
    *("comments", "scored", "flagged", "authors", "threads", "replies", "replies_inferred", "rank"),
    *("depth", "gone", "bursts", "burst_comments", "toxic", "toxic_threads", "inferred", "votes"),
    *("peak_position", "first_toxic_position", "recovered_position", "first_position"),
    *("last_position", "bin", "position", "of", "record", "line", "duplicate_of"),
    *("near_duplicate_of", "bytes", "stratum", "stratum_size"),
}
_FLAGS = {"evasion", "parent_inferred", "ranked", "mutual"}
_TIMES = {"created_at", "first_time", "last_time", "time"}


class Report:
    """The folder that `comity.run` or `comity score --out` wrote.

    Each table is read when it is used. A blank cell is null, times are UTC, and the apostrophes
    that keep spreadsheets from running a cell as a formula are removed from texts. A notebook shows
    the counts and the charts.
    """

    def __init__(self, path: str | os.PathLike[str], *, exit_code: int | None = None) -> None:
        self.path = Path(path)
        self.exit_code = exit_code
        if not (self.path / "run.json").is_file():
            raise FileNotFoundError(
                f"{self.path}: it has no run.json; name the folder of a `comity score --out`"
            )

    @property
    def summary(self) -> dict[str, Any]:
        """The run in numbers: `summary.json`."""
        return json.loads((self.path / "summary.json").read_text(encoding="utf-8"))

    @property
    def settings(self) -> dict[str, Any]:
        """What is needed to repeat the run: `run.json`."""
        return json.loads((self.path / "run.json").read_text(encoding="utf-8"))

    @property
    def methods(self) -> str:
        """The paragraph for a paper, in Markdown: `methods.md`."""
        return (self.path / "methods.md").read_text(encoding="utf-8")

    @property
    def scores(self) -> pa.Table:
        """One row per comment, in input order."""
        return self.table("scores")

    @property
    def decisions(self) -> pa.Table:
        """The policy's decisions: one row per comment, in the same order."""
        return self.table("decisions")

    @property
    def flagged(self) -> pa.Table:
        """One row per flagged comment, worst first."""
        return self.table("flagged")

    @property
    def authors(self) -> pa.Table:
        """One row per author."""
        return self.table("authors")

    @property
    def threads(self) -> pa.Table:
        """One row per thread."""
        return self.table("threads")

    @property
    def bins(self) -> pa.Table:
        """One row per stretch of a thread."""
        return self.table("bins")

    @property
    def time_bins(self) -> pa.Table:
        """One row per period of a thread."""
        return self.table("time_bins")

    @property
    def size_bins(self) -> pa.Table:
        """One row per size of thread."""
        return self.table("size_bins")

    @property
    def network(self) -> pa.Table:
        """One row per pair of authors of which one replied to the other."""
        return self.table("network")

    @property
    def by(self) -> pa.Table:
        """One row per value of the columns that `by` of the run names."""
        return self.table("by")

    @property
    def rejects(self) -> pa.Table:
        """One row per record that could not be read."""
        return self.table("rejects")

    def table(self, name: str) -> pa.Table:
        """Returns the table `NAME.csv` of the folder."""
        path = self.path / f"{name}.csv"
        if path.parent != self.path or not path.is_file():
            names = ", ".join(sorted(file.stem for file in self.path.glob("*.csv")))
            raise KeyError(f"{self.path} has no table `{name}`; it has {names}")
        return _read_table(path, name)

    @property
    def charts(self) -> dict[str, str]:
        """The charts as SVG, by name: `toxicity`, `sentiment`, `sizes`, `thread-1` and so on."""
        files = (self.path / "charts").glob("*.svg")
        return {
            file.stem: file.read_text(encoding="utf-8") for file in sorted(files, key=_by_number)
        }

    def __repr__(self) -> str:
        return f"Report({str(self.path)!r})"

    def _repr_html_(self) -> str:
        counts = self.summary["counts"]
        shown = ("read", "scored", "unscored", "rejects", "flagged", "threads", "authors")
        cells = "".join(
            f"<tr><th>{name}</th><td>{counts[name]:,}</td></tr>" for name in shown if name in counts
        )
        charts = self.charts
        threads = [name for name in charts if name.startswith("thread-")]
        names = [name for name in charts if not name.startswith("thread-")] + threads[:4]
        images = "".join(
            f'<p><img alt="chart: {html.escape(name)}" style="max-width: 100%" '
            f'src="data:image/svg+xml;base64,{base64.b64encode(charts[name].encode()).decode()}"></p>'
            for name in names
        )
        more = len(threads) - 4
        rest = f"<p>{more:,} more threads: <code>report.charts</code></p>" if more > 0 else ""
        return f"<p><b>{html.escape(str(self.path))}</b></p><table>{cells}</table>{images}{rest}"


def _by_number(file: Path) -> tuple[str, int]:
    number = re.search(r"\d+$", file.stem)
    return re.sub(r"\d+$", "", file.stem), int(number[0]) if number else 0


def _read_table(path: Path, name: str) -> pa.Table:
    with path.open("rb") as file:
        columns = next(_header(file.readline().decode("utf-8")))
    kinds = {column: _kind(column, name) for column in columns}
    table = pyarrow.csv.read_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=16 << 20),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=kinds,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            true_values=["true"],
            false_values=["false"],
        ),
    )
    for at, column in enumerate(columns):
        if kinds[column] == pa.string():
            table = table.set_column(at, column, _unescaped(table.column(at)))
    return table


def _header(line: str):
    import csv

    return csv.reader([line])


def _kind(column: str, table: str) -> pa.DataType:
    if table == "rejects" and column == "bytes":
        return pa.string()  # `start-end`
    if column in _FLAGS:
        return pa.bool_()
    if column in _TIMES or table == "time_bins" and column in ("from", "to"):
        return pa.timestamp("us", "UTC")
    if column in _COUNTS or table == "size_bins" and column in ("from", "to"):
        return pa.int64()
    if _NUMBERS.fullmatch(column):
        return pa.float64()
    return pa.string()


def _unescaped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Returns texts without the apostrophes of docs/output.md#cells."""
    if not pc.any(pc.match_substring(column, "'")).as_py():
        return column
    whole = pc.replace_substring_regex(column, r"\A'", "")
    # RE2 has no lookahead: the sign that follows is put back.
    return pc.replace_substring_regex(whole, r"([;\t\r\n])'('*[=+\-@＝＋－＠])", r"\1\2")
