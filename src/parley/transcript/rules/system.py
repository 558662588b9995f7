"""What any Unix command may print: dates, process ids, kernel time stamps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import ANY_COMMAND, sanitizer

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"\d{2}:\d{2}:\d{2}"
_DATE = re.compile(
    rf"\b(?:{_DAY},? )?(?:{_MONTH} {{1,2}}\d{{1,2}} {_CLOCK}(?: [A-Z]{{3,4}})? (?:19|20)\d{{2}}"
    rf"|\d{{1,2}} {_MONTH} (?:19|20)\d{{2}} {_CLOCK})(?: (?:GMT|UTC))?\b"
)
_ISO_DATE = re.compile(
    rf"\b(?:19|20)\d{{2}}-\d{{2}}-\d{{2}}[T ]{_CLOCK}(?:[.,]\d{{1,9}})?(?:Z\b|[+-]\d{{2}}:?\d{{2}}\b)?"
)
_LOG_DATE = re.compile(rf"^{_MONTH} {{1,2}}\d{{1,2}} {_CLOCK}(?:\.\d+)?(?=:? )", re.MULTILINE)
_FILE_DATE = re.compile(rf"\b{_MONTH} {{1,2}}\d{{1,2}} {{1,2}}(?:\d{{2}}:\d{{2}}|\d{{4}})(?= )")
_JOB = re.compile(r"^(?P<job>\[\d+\]) \d+$", re.MULTILINE)
_PID = re.compile(r"\b(?P<before>pid(?:=|: ?| ))\d+\b")
_PS = re.compile(r"^(?P<before>(?:\w+ {1,20})?) {0,20}\d+(?= +(?:\?|pts/\d+|tty\w*|\d+) )", re.MULTILINE)
_SYSLOG_PID = re.compile(
    rf"^(?P<before>(?:DATE|{_MONTH} {{1,2}}\d{{1,2}} {_CLOCK}|\d\S{{10,40}})"
    r" \S{1,64} [\w./-]{1,64})\[\d+\](?=: )",
    re.MULTILINE,
)
_KERNEL = re.compile(r"\[ *\d+\.\d{6}\](?= )")


@sanitizer(ANY_COMMAND)
def dates(output: str, _naming: Naming) -> str:
    """Hides full dates with a time of day."""
    return _ISO_DATE.sub("DATE", _DATE.sub("DATE", output))


@sanitizer(r"\blog\b|\.log\b|journalctl|/var/log/")
def log_dates(output: str, _naming: Naming) -> str:
    """Hides the time at the start of a log's line."""
    return _LOG_DATE.sub("DATE", output)


@sanitizer(r"\bls\s+-\w*l")
def file_dates(output: str, _naming: Naming) -> str:
    """Hides when a file was changed; names, sizes, owners and modes stay."""
    return _FILE_DATE.sub("DATE", output)


@sanitizer(ANY_COMMAND)
def kernel_times(output: str, _naming: Naming) -> str:
    """Hides the seconds since boot before a kernel message, which may come in the middle of any output."""
    return _KERNEL.sub("[TIME]", output)


@sanitizer(r"&")
def background_jobs(output: str, _naming: Naming) -> str:
    """Hides the process id that a shell prints for a job in the background."""
    return _JOB.sub(r"\g<job> PID", output)


@sanitizer(r"\bps\b|\bpid|pluto|charon|iked|systemctl|journalctl|\.log\b|/var/log/")
def process_ids(output: str, _naming: Naming) -> str:
    """Hides process ids that are named as such, follow a name in syslog or are a column of ps(1)."""
    output = _SYSLOG_PID.sub(r"\g<before>[PID]", output)
    return _PS.sub(r"\g<before>PID", _PID.sub(r"\g<before>PID", output))
