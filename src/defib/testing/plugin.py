"""The pytest plugin: the fixture `defib_monitor` and the marker ``defib``. pytest finds it by its entry point."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from defib.testing.monitor import Monitor

FIXTURE = "defib_monitor"
MARKER = "defib(fail_on=('flat',), trials=False, budget=None, seed=0): what defib_monitor does not allow"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, for ``--strict-markers``."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def defib_monitor(request: pytest.FixtureRequest) -> Iterator[Monitor]:
    """Watch every network that the test trains; the test fails if one ends up flat.

    It is judged when the test's own code has passed. Ask earlier with ``defib_monitor.assert_not_flat()``, or
    look for yourself with ``defib_monitor.diagnoses()``: then nothing more is asked at the end. The marker
    ``@pytest.mark.defib(fail_on=["any"])`` changes what fails.
    """
    marker = request.node.get_closest_marker("defib")
    monitor = Monitor(**({} if marker is None else marker.kwargs))
    yield monitor
    monitor.stop()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Judge inside the call of the test, so that a flat network is a failure of the test and not an error around it."""
    __tracebackhide__ = True
    result = yield
    monitor = pyfuncitem.funcargs.get(FIXTURE)
    if isinstance(monitor, Monitor) and not monitor.checked:
        monitor.assert_not_flat()
    return result
