"""Markdown for CI summaries (GitHub steps, merge requests): totals, what is not good, then all cases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.escape import escape_terminal
from parley.report.marks import mark_of
from parley.report.summary import implementations, seconds, totals_line, troubles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parley.record.results import CaseResult
    from parley.report.compare import Comparison
    from parley.report.load import LoadedRun
    from parley.verdict import Verdict

# Everything that CommonMark, its tables, HTML and GitHub's mentions or references give a meaning to.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@-])")
_COLUMNS = ("verdict", "case", "implementations", "seconds", "reason")


def render_markdown(run: LoadedRun, *, comparison: Comparison | None = None) -> str:
    """The run as Markdown; no text of a result can become mark-up."""
    return "\n".join(_lines(run, comparison)) + "\n"


def escape_markdown(text: str) -> str:
    """`text` on one line, shown letter by letter: mark-up characters become character references.

    References, and no backslashes, because a table cell splits at a bar before backslashes are looked at
    in some readers, and because GitHub resolves mentions after them.
    """
    return _SPECIAL.sub(lambda match: f"&#{ord(match[1])};", escape_terminal(text))


def _lines(run: LoadedRun, comparison: Comparison | None) -> Iterator[str]:
    yield f"## Parley: {totals_line(run.results)}"
    yield ""
    yield f"Started {escape_markdown(run.record.started)}, Parley {escape_markdown(run.record.parley)}."
    if comparison is not None:
        yield from _changes(comparison)
    bad = [result for result in run.results if not result.verdict.is_good]
    if bad:
        yield from ("", "### Not good", "", *_table(bad), "", *_troubles(bad))
    yield from ("", "<details><summary>All cases</summary>", "", *_table(run.results), "", "</details>")


def _verdict(verdict: Verdict) -> str:
    mark = mark_of(verdict)
    return f"{mark.shape} {mark.letter} {mark.word}"


def _table(results: Iterable[CaseResult]) -> Iterator[str]:
    yield _row(_COLUMNS)
    yield _row("---:" if name == "seconds" else "---" for name in _COLUMNS)
    for result in results:
        yield _row(
            (
                _verdict(result.verdict),
                escape_markdown(result.case),
                escape_markdown(", ".join(implementations(result))),
                f"{seconds(result):.1f}",
                escape_markdown(result.reason),
            )
        )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _troubles(results: Iterable[CaseResult]) -> Iterator[str]:
    for result in results:
        for check in troubles(result):
            host = f" on {check.host}" if check.host else ""
            yield "- " + escape_markdown(f"{result.case}: {check.name}{host} {check.state}. {check.detail}")


def _changes(comparison: Comparison) -> Iterator[str]:
    yield from ("", f"### Since {escape_markdown(comparison.against.root.resolve().name)}", "")
    if not comparison.changes:
        yield "Nothing changed."
        return
    yield _row(("change", "case", "before", "now", "reason"))
    yield _row(["---"] * 5)
    for change in comparison.changes:
        before = _verdict(change.before.verdict) if change.before else "absent"
        now = _verdict(change.now.verdict) if change.now else "absent"
        reason = escape_markdown(change.now.reason) if change.now else ""
        yield _row((change.kind.heading, escape_markdown(change.case), before, now, reason))
