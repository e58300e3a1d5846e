"""CodeCarbon, kept on a short lead: cumulated energy of CPU, RAM and GPU, offline, silent, without a lock file.

One tracker lives as long as the process meters; a phase is the difference of two readings. Readings come through
`flush()` and an output handler, CodeCarbon's public way out, because its tasks can answer 0 for a phase that used
energy, and because a phase can then be read at any time. Its own timer is put out of the way: two threads measuring
at once would count an interval twice.
"""

import logging
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from core.metering.usage import Provenance

STALE_SECONDS = 0.06
"""CodeCarbon's `flush` keeps the last sample when it is younger than 0.05 s."""
NEVER = 1e7
JOULES_PER_KWH = 3.6e6

MEASURING_MODES = ("intel_rapl", "windows_emi", "intel_power_gadget")
MEASURING_CHIPS = ("AppleSiliconChip", "Raspberry")


@dataclass(frozen=True)
class Reading:
    """kWh since the reader was started, and the power of the RAM in watts. `at` is `time.perf_counter()`."""

    at: float
    cpu_kwh: float
    ram_kwh: float
    gpu_kwh: float
    ram_watts: float


class EnergyReader:
    """Readings of CodeCarbon's meters for this process and its children.

    Attributes:
        problem: why there are no readings; empty when there are.
        cpu_provenance: `measured` (RAPL and the like) or `modelled` (power at full load × the process's load).
        watts_per_core: modelled CPU only: watts of one busy core.
    """

    def __init__(self, gpu_index: int | None = None) -> None:
        self.problem = "CodeCarbon was not started"
        self.cpu_provenance: Provenance = "modelled"
        self.watts_per_core: float | None = None
        self._gpu_index = gpu_index
        self._lock = Lock()
        self._tracker: Any = None
        self._latest: Any = None
        self._read_at = 0.0

    def start(self) -> None:
        """Start the tracker and take a first reading; the first start in a process takes about two seconds."""
        try:
            self._tracker = self._made()
            self._tracker.start()
            self.problem = ""
            self._look_at_hardware()
        except Exception as error:  # no failure of the meter may fail the run that it meters
            self.problem = f"CodeCarbon could not be started: {type(error).__name__}"
            return
        if self.read() is None:
            self.problem = "CodeCarbon gives no readings on this machine"

    def read(self) -> Reading | None:
        """A fresh reading (up to 0.06 s later), or None with `problem` saying why."""
        if self.problem:
            return None
        with self._lock:
            time.sleep(max(0.0, self._read_at + STALE_SECONDS - time.perf_counter()))
            self._latest = None
            try:
                self._tracker.flush()
            except Exception as error:
                self.problem = f"CodeCarbon stopped giving readings: {type(error).__name__}"
            self._read_at = time.perf_counter()
            total = self._latest
        if total is None:
            return None
        return Reading(self._read_at, total.cpu_energy, total.ram_energy, total.gpu_energy, total.ram_power)

    def stop(self) -> None:
        """Let the tracker's threads end."""
        if self._tracker is not None:
            try:
                self._tracker.stop()
            except Exception:
                self.problem = "CodeCarbon could not be stopped"
        self._tracker, self.problem = None, self.problem or "CodeCarbon was stopped"

    def _made(self) -> Any:
        """A tracker that depends on nothing outside: every option that an environment variable or file could set
        is given here, or figures of two machines would differ for a reason nobody sees."""
        from codecarbon import OfflineEmissionsTracker
        from codecarbon.output_methods.base_output import BaseOutput

        logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
        reader = self

        class Handler(BaseOutput):  # type: ignore[misc]
            def out(self, total: Any, delta: Any) -> None:  # noqa: ARG002
                reader._latest = total

        return OfflineEmissionsTracker(
            tracking_mode="process", allow_multiple_runs=True, measure_power_secs=NEVER, api_call_interval=-1,
            output_methods=[], output_handlers=[Handler()], emissions_endpoint=None, log_level="critical",
            # The product multiplies by its own, shown grid figure; a forced one keeps CodeCarbon from looking any up.
            force_carbon_intensity_g_co2e_kwh=1.0, country_iso_code=None, region=None, cloud_provider=None,
            cloud_region=None, country_2letter_iso_code=None, electricitymaps_api_token=None,
            force_cpu_power=None, force_ram_power=None, force_mode_cpu_load=False, pue=1.0, wue=0.0,
            rapl_include_dram=False, rapl_prefer_psys=False,
            gpu_ids=None if self._gpu_index is None else [self._gpu_index],
        )  # fmt: skip

    def _look_at_hardware(self) -> None:
        """How the CPU is metered. CodeCarbon tells it nowhere but in its hardware objects."""
        for part in getattr(self._tracker, "_hardware", []):
            kind, mode = type(part).__name__, getattr(part, "_mode", "")
            if kind in MEASURING_CHIPS or mode in MEASURING_MODES:
                self.cpu_provenance = "measured"
            elif kind == "CPU" and mode == "cpu_load":
                self.watts_per_core = part._tdp / max(1, part._cpu_count)
