"""Which cases are meant, and loading them.

A selector is a case's name, a glob over names, or FIELD:GLOB. A name means the case whatever its status;
so do `status:` and `issue:`. Everything else means good cases only. Several selectors mean all that any
of them means.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from parley.case.scripted import load_case
from parley.case.words import (
    HOSTS,
    PLATFORMS,
    implementations,
    parse_role,
    resolve_platform,
    without_suite,
)
from parley.errors import InputError, UsageError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from parley.case.model import ScriptedCase
    from parley.case.suite import Suite
    from parley.case.testlist import Listed

GOOD = "good"
_OF_ANY_STATUS: dict[str, Callable[[Listed], str]] = {
    "status": lambda entry: entry.status,
    "issue": lambda entry: entry.issue,
}
_OF_ENTRY: dict[str, Callable[[Listed], str]] = {
    **_OF_ANY_STATUS,
    "kind": lambda entry: entry.kind,
}
_OF_CASE: dict[str, Callable[[ScriptedCase], Iterable[str]]] = {
    "host": lambda case: (host.name for host in case.hosts),
    "platform": lambda case: (host.platform for host in case.hosts),
    "implementation": lambda case: (
        word for host in case.hosts for word in (host.implementation, without_suite(host.implementation))
    ),
}
# All that these can ever be, so that a mistyped one is known for one whatever cannot be loaded.
_WORDS: dict[str, Callable[[], Sequence[str]]] = {
    "host": lambda: HOSTS,
    "platform": lambda: PLATFORMS,
    "implementation": implementations,
}


@dataclass(frozen=True, slots=True)
class _Selector:
    """One word of the user's, `text`; without a field its pattern is about names."""

    text: str
    field: str
    pattern: str

    def means(self, entry: Listed) -> bool:
        """Whether it means a case, as far as can be said before loading it."""
        if not self.field and entry.name == self.pattern:
            return True
        if entry.status != GOOD and self.field not in _OF_ANY_STATUS:
            return False
        value = _OF_ENTRY[self.field](entry) if self.field else entry.name
        return fnmatchcase(value, self.pattern)

    def means_loaded(self, case: ScriptedCase) -> bool:
        """The same of a loaded case and a field that only loading tells."""
        return case.status == GOOD and any(
            fnmatchcase(value, self.pattern) for value in _OF_CASE[self.field](case)
        )


def select_cases(
    suites: Sequence[Suite], selectors: Sequence[str], *, overrides: Mapping[str, str]
) -> tuple[list[ScriptedCase], list[InputError]]:
    """Load the cases that are meant, in the order of their suites, each once.

    Without selectors every case of status good is meant. `overrides` maps hosts to
    PLATFORM/IMPLEMENTATION. Returns what is wrong with the suites and with single cases beside the cases
    that are fine. Raises UsageError for a selector or an override that means nothing.
    """
    roles = {host: parse_role(host, text) for host, text in overrides.items()}
    wanted = [_parse(text) for text in selectors or ("*",)]
    unused = {selector.text for selector in wanted} if selectors else set()
    errors = [error for suite in suites for error in suite.errors]
    cases: dict[str, ScriptedCase] = {}
    for loaded in _load_meant(suites, wanted, roles, unused):
        if isinstance(loaded, InputError):
            errors.append(loaded)
        elif cases.setdefault(loaded.name, loaded).directory != loaded.directory:
            errors.append(
                InputError(loaded.directory, 0, f"{cases[loaded.name].directory} has the same name")
            )
    for selector in (selector for selector in wanted if selector.text in unused):
        raise _means_nothing(selector, suites)
    _require_used(roles, cases.values(), errors)
    return list(cases.values()), errors


def _parse(text: str) -> _Selector:
    field, colon, pattern = text.partition(":")
    if not colon:
        return _Selector(text, "", text)
    known = [*_OF_ENTRY, *_OF_CASE]
    if field not in known:
        raise UsageError(f"{text}: cases have no field {field}", hint=nearest(field, known))
    if field in _WORDS:
        _require_word(text, without_suite(pattern), _WORDS[field]())
        pattern = resolve_platform(pattern)
    return _Selector(text, field, pattern)


def _require_word(text: str, pattern: str, words: Sequence[str]) -> None:
    if not any(fnmatchcase(word, pattern) for word in words):
        raise UsageError(f"{text}: no such word", hint=nearest(pattern, words))


def _load_meant(
    suites: Iterable[Suite],
    wanted: Sequence[_Selector],
    roles: Mapping[str, tuple[str, str]],
    unused: set[str],
) -> Iterator[ScriptedCase | InputError]:
    """Load what must be, yield what is meant, and take what meant something out of `unused`."""
    early = [selector for selector in wanted if selector.field not in _OF_CASE]
    late = [selector for selector in wanted if selector.field in _OF_CASE]
    entries = [(suite.path, entry) for suite in suites for entry in suite.listed]
    for path, entry in entries:
        hits = [selector for selector in early if selector.means(entry)]
        if not hits and not (late and entry.status == GOOD):
            continue
        try:
            case = load_case(path / entry.name, entry, roles)
        except InputError as error:
            # Whether a late selector means it cannot be known, and silence might hide a case.
            hits += late if entry.status == GOOD else ()
            yield error
        else:
            hits += [selector for selector in late if selector.means_loaded(case)]
            if hits:
                yield case
        unused.difference_update(selector.text for selector in hits)


def _require_used(roles: Iterable[str], cases: Iterable[ScriptedCase], errors: Sequence[InputError]) -> None:
    found = {host.name for case in cases for host in case.hosts}
    for host in roles:
        if found and host not in found and not errors:
            raise UsageError(f"--host {host}: no selected case has this host", hint=nearest(host, found))


def _means_nothing(selector: _Selector, suites: Sequence[Suite]) -> UsageError:
    where = ", ".join(str(suite.path) for suite in suites)
    message = f"no case of {where} is meant by {selector.text!r}"
    entries = [entry for suite in suites for entry in suite.listed]
    if errors := [error for suite in suites for error in suite.errors]:
        return UsageError(message, hint=f"mend what may hide it: {errors[0].args[0]}")
    if selector.field in _OF_ENTRY:
        values = sorted({value for entry in entries if (value := _OF_ENTRY[selector.field](entry))})
        return UsageError(message, hint=nearest(selector.pattern, values))
    if selector.field:
        return UsageError(message, hint="parley list shows what cases have")
    names = [entry.name for entry in entries]
    if others := sum(fnmatchcase(name, selector.pattern) for name in names):
        return UsageError(message, hint=f"{others} with another status fit; name them in full")
    if any(selector.pattern and (suite.path / selector.pattern).is_dir() for suite in suites):
        form = "a case holds description.txt and a script, all.HOST-HOST.sh (docs/reference/cases.md)"
        return UsageError(message, hint=form)
    hint = nearest(selector.pattern, names)
    known = hint.startswith("did")
    return UsageError(message, hint=hint if known else "parley list shows all names; quote globs")
