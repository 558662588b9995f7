"""The console files of Libreswan's own runner (testing/utils/fab/runner.py), from recorded steps.

Its sanitizers and its checks are written against them, so prompts, markers and blank lines stand exactly
where that runner puts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parley.record.results import PlayRecord, StepRecord

POST_MORTEM = "../../guestbin/post-mortem.sh"
ALL = "all"

_OPEN, _CLOSE = b">>>>>>>>>> %s >>>>>>>>>>", b"<<<<<<<<<< %s <<<<<<<<<<"
_DONE = b">>>>>>>>>>cut>>>>>>>>>> done <<<<<<<<<<tuc<<<<<<<<<<"
_TIMEOUT = b">>>>>>>>>> TIMEOUT while running %s %s <<<<<<<<<<"


def consoles(record: PlayRecord, outputs: Mapping[int, bytes]) -> dict[str, bytes]:
    """Each host's console, and that of all together under `ALL`.

    `outputs` maps the steps' numbers to what they printed.
    """
    return _Writer(record, outputs).write()


def is_post_mortem(step: StepRecord) -> bool:
    """Whether a step is the runner's own last one on its host."""
    return step.text == POST_MORTEM


class _Writer:
    def __init__(self, record: PlayRecord, outputs: Mapping[int, bytes]) -> None:
        self._record = record
        self._outputs = outputs
        self._texts: dict[str, list[bytes]] = {host.name: [] for host in record.hosts}
        self._all: list[bytes] = []

    def write(self) -> dict[str, bytes]:
        steps = [step for step in self._record.steps if not is_post_mortem(step)]
        self._commands(steps)
        self._post_mortem([step for step in self._record.steps if is_post_mortem(step)])
        # What broke in the lab leaves the file without its end, and then nobody takes it for complete.
        if not self._record.error:
            for text in (self._all, *self._texts.values()):
                text.append(_DONE)
        return {name: b"".join(text) for name, text in ({ALL: self._all} | self._texts).items()}

    def _commands(self, steps: Sequence[StepRecord]) -> None:
        after_comment = False
        for step in steps:
            if step.is_comment:
                self._comment(step)
            else:
                if after_comment:
                    self._all.append(b"\n")
                self._command(step)
            after_comment = step.is_comment

    def _comment(self, step: StepRecord) -> None:
        line = step.text.encode() + b"\n"
        self._all.append(line)
        if step.host:
            self._texts[step.host] += [line, self._prompt(step.host)]

    def _command(self, step: StepRecord) -> None:
        text = self._texts[step.host]
        self._all.append(b"%s# " % step.host.encode())
        output = self._outputs.get(step.index, b"")
        for part in (self._all, text):
            part.append(step.text.encode() + b"\n")
        self._all += [b"\n", output] if output else []
        text.append(output)
        if step.status is None:
            message = _TIMEOUT % (step.host.encode(), step.text.encode())
            self._all.append(message)
            text.append(message)
            return
        text.append(self._prompt(step.host))
        self._all.append(b"\n")

    def _post_mortem(self, steps: Sequence[StepRecord]) -> None:
        if not steps:
            return
        mark = b"post-mortem"
        self._all.append(_OPEN % mark)
        for step in steps:
            text = self._texts[step.host]
            text.append(_OPEN % mark)
            self._all.append(b"%s# " % step.host.encode())
            output = self._outputs.get(step.index, b"")
            for part in (self._all, text):
                part.append(step.text.encode() + b"\n")
                part.append(b"%s\n" % output if output else b"")
            # Without the end mark the sanitizer shows all of it: that is how a bad end becomes a difference.
            if step.status == 0:
                text += [self._prompt(step.host), _CLOSE % mark]
        if all(step.status == 0 for step in steps):
            self._all.append(_CLOSE % mark)

    def _prompt(self, host: str) -> bytes:
        return f"[root@{host} {self._record.case}]# ".encode()
