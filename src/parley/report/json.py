"""The whole run as one JSON document (schema and every field: docs/reference/results.md)."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from parley.report.summary import exit_code, seconds, totals

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.record.results import CaseResult
    from parley.report.compare import Change, Comparison
    from parley.report.load import LoadedRun

REPORT_SCHEMA: Final = 1


def render_json(run: LoadedRun, *, comparison: Comparison | None = None) -> str:
    """The run as JSON. Cases are entries under their names, each on a line; `run.cases` gives their order."""
    record = _fields(run.record)
    del record["schema"]
    document = {
        "schema": _compact(REPORT_SCHEMA),
        "kind": _compact("parley-report"),
        "run": _object(record, _compact),
        "totals": _compact(totals(run.results)),
        "exit_code": _compact(exit_code(run.results)),
        "damaged": _compact({str(error.path): str(error.args[0]) for error in run.damaged}),
        "cases": _object({result.case: _case(result) for result in run.results}, _compact),
    }
    if comparison is not None:
        document["changes"] = _object(
            {change.case: _change(change) for change in comparison.changes}, _compact
        )
    return _object(document, str) + "\n"


def _object(values: dict[str, Any], encode: Callable[[Any], str]) -> str:
    """A JSON object, an entry a line: easy to grep, and far faster to write than with full indentation."""
    lines = (f"{json.dumps(name)}: {encode(value)}" for name, value in values.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def _compact(value: Any) -> str:
    return json.dumps(value, default=_fields)


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _case(result: CaseResult) -> dict[str, Any]:
    case = _fields(result)
    del case["schema"], case["case"]
    case["seconds"] = round(seconds(result), 3)
    return case


def _change(change: Change) -> dict[str, Any]:
    return {"kind": change.kind, "before": _brief(change.before), "now": _brief(change.now)}


def _brief(result: CaseResult | None) -> dict[str, str] | None:
    return None if result is None else {"verdict": result.verdict, "reason": result.reason}
