"""From what was chosen on the Launch page to runs, an experiment and a command line."""

import json
import shlex
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from core.data.dataset import DatasetInfo
from core.spec import Experiment
from ui.candidate_picker import Choice
from ui.messages import plain

ALL = "all"
Asked = Literal["auto", "cpu", "cuda"]
PRESETS = (50, 100, 250, 500, 1000, 2500, 5000, 10_000)


def train_sizes(info: DatasetInfo) -> list[int | None]:
    """The train sizes chosen; None is all texts. Several give a learning curve."""
    most = info.counts["train"]
    options = [ALL, *(str(size) for size in PRESETS if size < most)]
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


def experiment_of(
    info: DatasetInfo, taken: Sequence[Choice], seeds: Sequence[int], sizes: Sequence[int | None], device: Asked
) -> Experiment:
    """The same as one record."""
    return Experiment(
        dataset=info.name, candidates=[choice.name for choice in taken], seeds=list(seeds), train_sizes=list(sizes),
        settings={choice.name: choice.changes for choice in taken if choice.changes}, device=device,
    )  # fmt: skip


def command_line(
    info: DatasetInfo, taken: Sequence[Choice], seeds: Sequence[int], sizes: Sequence[int | None], device: str
) -> str:
    """The same without a screen."""
    parts = ["python", "cli.py", "launch", "--dataset", info.name, "--candidates", ",".join(c.name for c in taken)]
    if list(seeds) != [0]:
        parts += ["--seeds", ",".join(map(str, seeds))]
    if list(sizes) != [None]:
        parts += ["--train-size", ",".join(ALL if size is None else str(size) for size in sizes)]
    if device != "auto":
        parts += ["--device", device]
    for choice in taken:
        for name, value in choice.changes.items():
            parts += ["--set", f"{choice.name}.{name}={json.dumps(value) if not isinstance(value, str) else value}"]
    return " ".join(shlex.quote(part) for part in [*parts, "--wait"])
