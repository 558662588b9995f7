"""The whole run as one JSON document (schema and every field: docs/reference/results.md)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from parley.report.summary import exit_code, seconds, totals

if TYPE_CHECKING:
    from parley.report.compare import Comparison
    from parley.report.load import LoadedRun
    from parley.run.record import CaseResult

REPORT_SCHEMA: Final = 1


def render_json(run: LoadedRun, *, comparison: Comparison | None = None) -> str:
    """The run as JSON. Cases are entries under their names; `run.cases` gives the order asked for."""
    record = asdict(run.record)
    del record["schema"]
    document: dict[str, Any] = {
        "schema": REPORT_SCHEMA,
        "kind": "parley-report",
        "run": record,
        "totals": totals(run.results),
        "exit_code": exit_code(run.results),
        "cases": {result.case: _case(result) for result in run.results},
        "damaged": {str(error.path): str(error.args[0]) for error in run.damaged},
    }
    if comparison is not None:
        document["changes"] = _changes(comparison)
    return json.dumps(document, indent=1) + "\n"


def _case(result: CaseResult) -> dict[str, Any]:
    case = asdict(result)
    del case["schema"], case["case"]
    case["seconds"] = round(seconds(result), 3)
    return case


def _changes(comparison: Comparison) -> dict[str, Any]:
    return {
        change.case: {
            "kind": change.kind,
            "before": _brief(change.before),
            "now": _brief(change.now),
        }
        for change in comparison.changes
    }


def _brief(result: CaseResult | None) -> dict[str, str] | None:
    return None if result is None else {"verdict": result.verdict, "reason": result.reason}
