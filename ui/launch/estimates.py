"""What a launch will take, from the estimates of its runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from core import environment
from core import format as f
from core.clients.estimating import api_estimate
from core.data.dataset import load_dataset
from core.devices import DeviceInfo
from core.estimating.estimate import Estimate, PastRun, estimate
from core.estimating.history import mean_tokens, past_runs
from core.home import Home
from core.preferences import load as load_preferences
from core.spec import RunSpec
from ui.session import home


@dataclass(frozen=True)
class Total:
    """Sums over several runs; None when the figure of any of them is unknown."""

    seconds: float | None
    kwh: float | None
    usd: float | None


def estimates(specs: Iterable[RunSpec]) -> list[Estimate]:
    """The estimate of each run on this machine."""
    history, devices, preferences = _history(home()), machine_devices(), load_preferences(home())
    found = []
    for spec in specs:
        dataset = load_dataset(home(), spec.dataset, spec.fingerprint)
        estimated = estimate(spec, dataset.info, mean_tokens(dataset), history, devices, preferences)
        remote = spec.device == "api"
        found.append(api_estimate(spec, dataset, estimated, preferences) if remote else estimated)
    return found


@st.cache_data(ttl=60, show_spinner=False)
def machine_devices() -> Sequence[DeviceInfo]:
    """What this machine can compute on."""
    return environment.devices()


def past() -> Sequence[PastRun]:
    """What past runs took."""
    return _history(home())


@st.cache_data(ttl=20, show_spinner=False)
def _history(root: Home) -> list[PastRun]:
    return past_runs(root)


def total(found: Sequence[Estimate]) -> Total:
    """The sums over runs."""
    return Total(*(_sum([getattr(one, name) for one in found]) for name in ("seconds", "kwh", "usd")))


def in_words(seconds: float | None, kwh: float | None, usd: float | None) -> str:
    """`about 6 min · 12 Wh · $0.01`, without what is not known."""
    parts = [
        f"about {rounded(seconds)}" if seconds is not None else "time unknown",
        f.energy(kwh) if kwh is not None else "energy unknown",
        f.usd(usd) if usd is not None else "cost unknown",
    ]
    return " · ".join(parts)


def memory_in_words(found: Estimate) -> str:
    """`1.2 GiB memory`, the GPU's where it computes there."""
    if found.peak_gpu_bytes is not None:
        return f"{f.memory(found.peak_gpu_bytes)} GPU memory"
    return f"{f.memory(found.peak_ram_bytes)} memory" if found.peak_ram_bytes is not None else "memory unknown"


def rounded(seconds: float) -> str:
    """A time that is only known roughly: minutes from two minutes on, hours from two hours on."""
    if seconds < 120:
        return f"{max(1, round(seconds, -1) if seconds > 20 else round(seconds)):.0f} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
