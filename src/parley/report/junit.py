"""JUnit XML as GitHub, GitLab and Jenkins read it.

failed, differs and fixed? become failures; lab-error and not-run become errors; unsupported and known become
skipped; passed and flaky pass. The exact verdict is kept in each test's property `verdict`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from parley.escape import escape_terminal, visible
from parley.report.summary import advice, implementations, seconds, troubles
from parley.verdict import Verdict

if TYPE_CHECKING:
    from parley.record.results import CaseResult
    from parley.report.load import LoadedRun

_ELEMENTS = {
    Verdict.FAILED: "failure",
    Verdict.DIFFERS: "failure",
    Verdict.FIXED: "failure",
    Verdict.LAB_ERROR: "error",
    Verdict.NOT_RUN: "error",
    Verdict.UNSUPPORTED: "skipped",
    Verdict.KNOWN: "skipped",
}


def render_junit(run: LoadedRun) -> str:
    """The run as one JUnit test suite; characters that XML forbids stand as escapes."""
    elements = [_ELEMENTS.get(result.verdict) for result in run.results]
    counts = {
        "tests": str(len(elements)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
        "time": f"{sum(map(seconds, run.results)):.3f}",
    }
    root = ET.Element("testsuites", {"name": "parley", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": _suite_name(run), **counts})
    if run.record.started:
        suite.set("timestamp", visible(run.record.started))
    _properties(suite, {"parley": run.record.parley, "command": " ".join(run.record.command)})
    for result in run.results:
        _case(suite, result)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite_name(run: LoadedRun) -> str:
    return visible(run.root.resolve().name) or "run"


def _case(suite: ET.Element, result: CaseResult) -> None:
    attributes = {
        "classname": _class_name(result),
        "name": visible(result.case),
        "time": f"{seconds(result):.3f}",
    }
    case = ET.SubElement(suite, "testcase", attributes)
    _properties(
        case,
        {
            "verdict": result.verdict,
            "title": result.title,
            "implementations": ", ".join(implementations(result)),
            "rerun": result.rerun,
        },
    )
    element = _ELEMENTS.get(result.verdict)
    if element:
        child = ET.SubElement(
            case, element, {"message": escape_terminal(f"{result.verdict}: {result.reason}")}
        )
        if element != "skipped":
            child.set("type", result.verdict)
        child.text = _details(result)
    elif _details(result):
        ET.SubElement(case, "system-out").text = _details(result)


def _class_name(result: CaseResult) -> str:
    if result.cell is None:
        return "parley"
    return visible(f"parley.{result.cell.scenario}")


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        if value:
            ET.SubElement(properties, "property", {"name": name, "value": visible(value)})


def _details(result: CaseResult) -> str:
    lines = []
    for check in troubles(result):
        host = f" on {check.host}" if check.host else ""
        lines.append(f"{check.state} {check.name}{host}: {check.detail}")
        if check.evidence:
            lines.append(f"  evidence: cases/{result.case}/{check.evidence}")
    lines += [f"earlier try: {attempt.verdict}, {attempt.reason}" for attempt in result.attempts]
    if advice(result):
        lines.append(f"try: {advice(result)}")
    return visible("\n".join(lines), keep="\n\t")
