"""No attempt gets out of any sandbox that runs here, and each would where nothing holds it. (T5)"""

from __future__ import annotations

import os

import pytest

from bot.workspace.bubblewrap import Bubblewrap
from bot.workspace.container import Container
from bot.workspace.escapes.attempts import ATTEMPTS
from bot.workspace.escapes.battery import battery
from bot.workspace.plain_process import PlainProcess
from bot.workspace.sandbox import Sandbox, SandboxUnavailable

# What proves nothing on a machine without the thing that is reached for.
NEEDS_LUCK = {"container_engine", "name_service", "tcp_to_an_address_of_the_host", "device_files"}
SLOW_ENOUGH = ("secret_by_its_path", "tcp_by_address", "see_a_host_process", "key_ring")


@pytest.fixture(params=["bubblewrap", "container"])
def adapter(request: pytest.FixtureRequest) -> Sandbox:
    """Every adapter that this machine can run."""
    try:
        found = Bubblewrap.find() if request.param == "bubblewrap" else Container.find()
    except SandboxUnavailable as problem:
        pytest.skip(f"{request.param} does not run here: {problem}")
    if bad := [f"{f.name}: {f.detail}" for f in found.check() if not f.ok]:
        pytest.skip(f"{request.param} does not run here: {bad}")
    return found


def test_nothing_gets_out(adapter: Sandbox) -> None:
    controls = adapter.name == "bubblewrap"  # once is enough: they are the same for all
    results = {result.attempt: result for result in battery(adapter, controls=controls)}
    wrong = [r for r in results.values() if r.verdict in ("escaped", "error")]
    assert wrong == []
    assert results.keys() == ATTEMPTS.keys()
    if os.geteuid() == 0:  # else much of this is beyond the controls, too
        unproved = {r.attempt for r in results.values() if r.verdict == "not applicable"}
        assert unproved <= NEEDS_LUCK


def test_the_battery_sees_that_nothing_is_held_where_nothing_holds() -> None:
    found = [r.verdict for r in battery(PlainProcess(), SLOW_ENOUGH)]
    assert found == ["escaped"] * len(SLOW_ENOUGH)


def test_a_sandbox_that_does_not_start_is_an_error_and_not_a_success() -> None:
    broken = Container("/bin/false")
    with pytest.raises(SandboxUnavailable):
        list(battery(broken, ["secret_by_its_path"]))
    missing = Bubblewrap(Bubblewrap.find().installation, "no-such-program")
    assert [r.verdict for r in battery(missing, ["secret_by_its_path"])] == ["error"]
