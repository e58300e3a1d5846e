"""Real metering: busy loops, real children, CodeCarbon as it is installed. Nothing is asserted about speed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.devices import device_lock
from core.home import Home
from core.metering.adding import add_usage
from core.metering.meter import NO_ENERGY, TOO_SHORT, Meter
from core.metering.usage import Energy, TokenCount, Usage
from core.methods.base import Tokens
from core.preferences import Preferences

ROOT = Path(__file__).parents[3]


def work(seconds: float) -> None:
    """Use `seconds` of CPU time, however busy the machine is."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with Meter("cpu", Preferences(grid_g_per_kwh=100.0)) as warm:
        yield warm


def test_a_busy_phase_uses_time_memory_and_energy(meter: Meter) -> None:
    with meter.phase("fit") as phase:
        work(0.9)
        phase.texts += 3
        phase.tokens += Tokens(input=10, cached=4, output=2)
    usage = phase.usage()
    assert usage.wall_seconds >= 0.9
    assert usage.cpu_seconds >= 0.9
    assert usage.device_seconds == usage.wall_seconds
    assert usage.device_name.endswith("cores)") or usage.device_name.endswith("core)")
    assert (usage.texts, usage.tokens) == (3, TokenCount(input=10, cached=4, output=2))
    assert usage.peak_ram_bytes
    assert set(usage.energy) == {"cpu", "ram"}
    for part in usage.energy.values():
        assert part.kwh
        assert part.kwh > 0
        assert part.provenance in ("measured", "modelled")
    assert usage.kwh
    assert usage.co2e_kg == pytest.approx(usage.kwh * 100 / 1000)
    assert (usage.grid_g_per_kwh, usage.grid_source) == (100.0, "typed in the settings")
    assert TOO_SHORT not in usage.flags


def test_modelled_cpu_energy_is_power_at_full_load_times_the_share_used(meter: Meter) -> None:
    if meter.reader.cpu_provenance == "measured":
        pytest.skip("this machine measures")
    with meter.phase("fit") as phase:
        work(1.0)
    usage = phase.usage()
    assert meter.reader.watts_per_core
    # CodeCarbon reads CPU time in ticks of 0.01 s, and its own threads work a little too.
    expected = meter.reader.watts_per_core * usage.cpu_seconds / 3.6e6
    assert usage.energy["cpu"].kwh == pytest.approx(expected, rel=0.15)


def test_phases_are_independent(meter: Meter) -> None:
    with meter.phase("fit") as first:
        work(0.6)
    used = first.usage()
    with meter.phase("predict") as second:
        time.sleep(0.05)
    assert second.usage().cpu_seconds < used.cpu_seconds
    assert second.usage().texts == 0
    assert first.usage() == used, "a phase that has ended does not change"


def test_the_peak_of_memory_is_that_of_the_phase(meter: Meter) -> None:
    with meter.phase("fit") as large:
        held = np.ones(200 * 2**20, dtype=np.uint8)
    del held
    with meter.phase("predict") as small:
        work(0.01)
    peak, later = large.usage().peak_ram_bytes, small.usage().peak_ram_bytes
    assert peak
    assert later
    if Path("/proc/self/clear_refs").exists():
        assert peak - later > 150 * 2**20


def test_snapshots_grow_and_the_end_is_the_last_of_them(meter: Meter) -> None:
    seen: list[Usage] = []
    with meter.phase("fit") as phase:
        for _ in range(4):
            work(0.2)
            phase.texts += 1
            seen.append(phase.usage())
    seen.append(phase.usage())
    for before, after in pairwise(seen):
        assert after.wall_seconds >= before.wall_seconds
        assert after.cpu_seconds >= before.cpu_seconds
        assert after.texts >= before.texts
    assert (seen[-1].kwh or 0) > (seen[0].kwh or 0) > 0


def test_asking_does_not_lengthen_the_phase(meter: Meter) -> None:
    with meter.phase("latency") as phase:
        began = time.perf_counter()
        for _ in range(4):
            phase.usage()
        asking = time.perf_counter() - began
    assert phase.usage().wall_seconds < asking


def test_a_very_short_phase_is_flagged_and_estimated(meter: Meter) -> None:
    with meter.phase("predict") as phase:
        work(0.003)
    usage = phase.usage()
    assert TOO_SHORT in usage.flags
    assert usage.kwh
    assert usage.kwh > 0
    assert usage.energy["ram"].provenance == "modelled"


def test_children_count(meter: Meter) -> None:
    code = (
        "import time\nheld = bytearray(b'x' * 80_000_000)\n"
        "end = time.process_time() + 1.0\nwhile time.process_time() < end: pass\n"
    )
    waiting = [sys.executable, "-c", code + "print('done', flush=True)\ntime.sleep(60)"]
    with meter.phase("fit") as phase:
        subprocess.run([sys.executable, "-c", code], check=True)
        ended = phase.usage()
    assert ended.cpu_seconds >= 1.0
    with meter.phase("fit") as phase:
        child = subprocess.Popen(waiting, stdout=subprocess.PIPE)
        assert child.stdout
        child.stdout.readline()
        living = phase.usage()
        child.kill()
        child.wait()
        child.stdout.close()
    assert living.cpu_seconds >= 1.0
    with meter.phase("fit") as phase:
        work(0.01)
    assert (living.peak_ram_bytes or 0) - (phase.usage().peak_ram_bytes or 0) > 40_000_000


def test_a_failing_phase_is_metered_and_its_error_passes(meter: Meter) -> None:
    phase = meter.phase("fit")

    def fail() -> None:
        with phase:
            work(0.05)
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    assert phase.usage().cpu_seconds >= 0.05


def test_without_codecarbon_energy_is_unknown_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    with Meter("cpu", Preferences()) as broken:
        with broken.phase("fit") as phase:
            work(0.02)
        usage = phase.usage()
    assert usage.cpu_seconds >= 0.02
    assert usage.kwh is None
    assert usage.co2e_kg is None
    assert all(part == Energy() for part in usage.energy.values())
    assert any(flag.startswith(NO_ENERGY) for flag in usage.flags)


def test_a_meter_that_stops_answering_leaves_energy_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with Meter("cpu", Preferences()) as failing:
        with failing.phase("fit") as phase:
            work(0.02)
            monkeypatch.setattr(failing.reader._tracker, "flush", lambda: None)
        usage = phase.usage()
    assert usage.kwh is None
    assert NO_ENERGY in usage.flags


FRESH = """
import logging, socket, sys, tempfile, time
def refuse(*arguments, **named):
    print("NETWORK", file=sys.stderr, flush=True)
    raise OSError("no network in this test")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from core.metering.meter import Meter
from core.preferences import Preferences
with Meter("cpu", Preferences(country_iso="FRA")) as meter:
    with meter.phase("fit") as phase:
        end = time.process_time() + 0.6
        while time.process_time() < end: pass
usage = phase.usage()
assert usage.kwh and usage.kwh > 0 and usage.co2e_kg, usage
assert "France" in usage.grid_source
assert "torch" not in sys.modules
print("fine")
"""


def test_no_network_no_noise_and_no_lock_file_is_needed(tmp_path: Path) -> None:
    """In a fresh process: a stale lock file, no sockets, settings of CodeCarbon from outside that would spoil it."""
    (tmp_path / ".codecarbon.lock").touch()
    outside = {
        "TMPDIR": str(tmp_path), "HOME": str(tmp_path), "CODECARBON_OUTPUT_METHODS": "api,csv",
        "CODECARBON_EMISSIONS_ENDPOINT": "http://127.0.0.1:9/", "CODECARBON_PUE": "3", "CODECARBON_LOG_LEVEL": "debug",
        "CODECARBON_ALLOW_MULTIPLE_RUNS": "false",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", FRESH], cwd=ROOT, env={**os.environ, **outside}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine"
    assert done.stderr == ""
    assert not list(ROOT.glob("emissions*.csv"))
    assert socket.socket.connect is not None


def test_attempts_add_up() -> None:
    first = Usage(
        phase="fit", texts=5, wall_seconds=10, cpu_seconds=8, device_name="A (2 cores)", device_seconds=10,
        tokens=TokenCount(input=7, cached=1), peak_ram_bytes=300, co2e_kg=0.1, grid_g_per_kwh=100, grid_source="a",
        energy={"cpu": Energy(kwh=0.75, provenance="measured"), "ram": Energy(kwh=0.25, provenance="modelled")},
        flags=("x",), latency_ms=(1.0,),
    )  # fmt: skip
    second = first.model_copy(
        update={"wall_seconds": 2.0, "peak_ram_bytes": 200, "peak_gpu_bytes": 9, "grid_g_per_kwh": 400.0,
                "grid_source": "b", "co2e_kg": 0.4, "flags": ("x", "y"), "latency_ms": (2.0,),
                "energy": {"cpu": Energy(kwh=1.5, provenance="modelled"), "ram": Energy(kwh=0.5, provenance="modelled"),
                           }}
    )  # fmt: skip
    assert add_usage(None, first) is first
    both = add_usage(first, second)
    assert (both.texts, both.wall_seconds, both.cpu_seconds, both.device_seconds) == (10, 12, 16, 20)
    assert both.tokens == TokenCount(input=14, cached=2)
    assert (both.peak_ram_bytes, both.peak_gpu_bytes, both.attempts) == (300, 9, 2)
    assert both.energy["cpu"] == Energy(kwh=2.25, provenance="modelled")
    assert both.kwh == 3.0
    assert both.co2e_kg == pytest.approx(0.5)
    assert both.grid_g_per_kwh == pytest.approx((1 * 100 + 2 * 400) / 3)
    assert both.grid_source == "a + b"
    assert both.flags == ("x", "y")
    assert both.latency_ms == (1.0, 2.0)
    assert add_usage(both, first).attempts == 3


def test_energy_unknown_in_one_attempt_is_unknown_in_all() -> None:
    known = Usage(phase="fit", energy={"cpu": Energy(kwh=1.0, provenance="measured")}, co2e_kg=1.0)
    both = add_usage(known, Usage(phase="fit", energy={"cpu": Energy()}))
    assert both.kwh is None
    assert both.co2e_kg is None
    assert both.energy_provenance == "unknown"
    with pytest.raises(ValueError, match="cannot be added"):
        add_usage(known, Usage(phase="predict"))


def test_each_device_has_one_lock(home: Home) -> None:
    assert device_lock(home, "cpu") == device_lock(Home(home.root), "cpu")
    assert device_lock(home, "cpu") != device_lock(home, "cuda")
    assert device_lock(home, "cpu").parent == home.locks
