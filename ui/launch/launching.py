"""From what was chosen on the Launch page to runs, an experiment and a command line."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.candidates import resolve
from core.data.dataset import DatasetInfo, list_datasets
from core.methods import asks_provider
from core.spec import Experiment
from ui.launch.candidate_picker import Choice
from ui.launch.estimates import machine_devices
from ui.messages import plain
from ui.session import home

ALL = "all"
Asked = Literal["auto", "cpu", "cuda"]
SIZES = (50, 100, 250, 500, 1000, 2500, 5000, 10_000)
USUAL_CAP = 5.0


@dataclass(frozen=True)
class How:
    """How often each candidate is run, on how many training texts, where, and with which other datasets."""

    seeds: Sequence[int]
    sizes: Sequence[int | None]
    device: Asked
    others: Sequence[str]


def ask_how(info: DatasetInfo, study: bool, race: bool = False) -> How:
    """The widgets of how runs are made; a study brings its own repeats and sizes, a race its own sizes."""
    repeats = 1
    sizes: Sequence[int | None] = [None]
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        if not study:
            repeats = _repeats()
            sizes = [None] if race else train_sizes(info)
        others = [] if race else other_datasets(info)
        return How(range(repeats), sizes, _device(), others)


def _repeats() -> int:
    asked = st.query_params.get("repeats", "")
    return st.number_input(
        "Repeats", 1, 20, int(asked) if asked.isdigit() and 0 < int(asked) <= 20 else 1, key="repeats", width=160,
        help="Each repeat draws another seed; the spread between them shows how much is luck.", persist_state="session",
    )  # fmt: skip


def _device() -> Asked:
    kinds = [found.kind for found in machine_devices() if found.usable]
    if len(kinds) < 2:
        return "auto"
    options: list[Asked] = ["auto", *kinds]  # type: ignore[list-item]
    return st.segmented_control("Device", options, default="auto", key="device", persist_state="session") or "auto"


def train_sizes(info: DatasetInfo) -> list[int | None]:
    """The train sizes chosen; None is all texts. Several give a learning curve."""
    most = info.counts["train"]
    options = [ALL, *(str(size) for size in SIZES if size < most)]
    chosen = st.multiselect(
        "Training texts", options, [ALL], key=f"sizes.{info.fingerprint}", persist_state="session", width=420,
        accept_new_options=True, help="Fewer texts show how much labelling matters. Type a number for another size.",
    )  # fmt: skip
    numbers = {int(text) for text in chosen if text.isdigit() and int(text) > 0}
    unclear = [text for text in chosen if text != ALL and not (text.isdigit() and int(text) > 0)]
    if unclear:
        st.caption(f":material/warning: Left out, since it is no whole number: {plain(', '.join(unclear))}.")
    smaller: list[int | None] = [*sorted(size for size in numbers if size < most)]
    whole = ALL in chosen or len(smaller) < len(numbers) or not smaller
    return [None, *smaller] if whole else smaller


def other_datasets(info: DatasetInfo) -> list[str]:
    """The other datasets that each model is to be fitted on as well; nothing is asked while there are none."""
    others = [found.name for found in list_datasets(home()) if found.name != info.name]
    if not others:
        return []
    return st.multiselect(
        "Fitted together with", others, key=f"with.{info.name}", persist_state="session", width=320,
        placeholder="this dataset alone",
        help="One model learns all of these datasets and is tested on each: consolidated. Launch without for one model "
        "a dataset, to compare.",
    )  # fmt: skip


def spending_cap(asked: bool, usual: float | None = USUAL_CAP) -> float | None:
    """The most that providers may bill for the launch; asked only when a candidate asks a provider."""
    if not asked:
        return None
    return st.number_input(
        "Spend at most (USD)", 0.01, 1_000_000.0, usual, step=1.0, key="cap", persist_state="session", width=180,
        placeholder="no limit", icon=":material/savings:",
        help="Runs at providers stop before all of them together pass this; empty sets no limit.",
    )  # fmt: skip


def asks_any(experiment: Experiment) -> bool:
    """Whether any candidate asks a provider, which costs money."""
    return any(asks_provider(resolve(wanted.candidate).method) for wanted in experiment.wanted)


def experiment_of(
    info: DatasetInfo, taken: Sequence[Choice], seeds: Sequence[int], sizes: Sequence[int | None], device: Asked,
    others: Sequence[str] = (), max_usd: float | None = None,
) -> Experiment:  # fmt: skip
    """The same as one record."""
    return Experiment(
        dataset=info.name, candidates=[choice.name for choice in taken], seeds=list(seeds), train_sizes=list(sizes),
        settings={choice.name: choice.changes for choice in taken if choice.changes}, device=device,
        with_datasets=list(others), max_usd=max_usd,
    )  # fmt: skip


def command_line(
    info: DatasetInfo, taken: Sequence[Choice], seeds: Sequence[int], sizes: Sequence[int | None], device: str,
    others: Sequence[str] = (), max_usd: float | None = None, race: Sequence[str] | None = None,
) -> str:  # fmt: skip
    """The same without a screen; `race` are the options of a race, None: it is none."""
    verb = "launch" if race is None else "race"
    parts = ["python", "cli.py", verb, "--dataset", info.name, "--candidates", ",".join(c.name for c in taken)]
    if list(seeds) != [0]:
        parts += ["--seeds", ",".join(map(str, seeds))]
    if list(sizes) != [None]:
        parts += ["--train-size", ",".join(ALL if size is None else str(size) for size in sizes)]
    for choice in taken:
        for name, value in choice.changes.items():
            parts += ["--set", f"{choice.name}.{name}={json.dumps(value) if not isinstance(value, str) else value}"]
    return _shell([*parts, *(race or ())], device, others, max_usd)


def preset_command(name: str, experiment: Experiment) -> str:
    """The launch of a preset without a screen."""
    parts = ["python", "cli.py", "launch", f"presets/{name}.yaml", "--dataset", experiment.dataset]
    return _shell(parts, experiment.device, experiment.with_datasets, experiment.max_usd)


def _shell(parts: Sequence[str], device: str, others: Sequence[str], max_usd: float | None) -> str:
    more = ["--device", device] if device != "auto" else []
    more += ["--with", ",".join(others)] if others else []
    more += ["--max-usd", f"{max_usd:g}"] if max_usd else []
    return " ".join(shlex.quote(part) for part in [*parts, *more, "--wait"])
