"""Run every probe on a Subject and keep what it answers, what it lacked and what broke."""

from __future__ import annotations

from collections.abc import Container

from defib.evidence import Book, Evidence, Missing
from defib.probes import all_probes
from defib.subject import NotAvailable, Subject

LONGEST_ERROR = 200


def measure_all(subject: Subject, *, skip: Container[str] = (), seed: int = 0) -> Book:
    """All evidence about one Subject, in the order of the table; the Subject is not changed.

    ``skip`` names probes to leave out ("skipped" is then what their evidence needs). A probe that lacks something is
    noted under ``missing``, one that breaks under ``failed`` with its error in one line; the others go on.
    ``seed`` is for the reference learners' folds.
    """
    found: dict[type[Evidence], Evidence] = {}
    missing: dict[type[Evidence], str] = {}
    failed: dict[str, str] = {}
    for probe in all_probes(seed):
        if probe.name in skip:
            missing[probe.gives] = "its probe, which was skipped"
            continue
        book = Book(found, missing, failed)
        try:
            answer = probe.measure(subject, book)
            found[type(answer)] = answer
        except Missing as lack:
            missing[probe.gives] = lack.needs
        except NotAvailable as lack:
            missing[probe.gives] = str(lack) or "more than the Subject can give"
        except Exception as error:  # a probe that breaks must not end the diagnosis
            failed[probe.name] = f"{type(error).__name__}: {error}".splitlines()[0][:LONGEST_ERROR]
            missing[probe.gives] = "its probe, which broke inside"
    return Book(found, missing, failed)
