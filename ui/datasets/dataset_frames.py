"""The examples of a dataset version as the pages need them: read and decoded once a process."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core.data.dataset import DatasetInfo, load_dataset
from core.home import Home
from core.tasks import Target, get_task
from ui.session import home


def frame_of(info: DatasetInfo) -> pd.DataFrame:
    """The examples of a version: id, text, target, split."""
    return _frame(str(home().root), info.name, info.fingerprint)


def targets_of(info: DatasetInfo) -> list[Target]:
    """What is right for each example, in the order of `frame_of`."""
    return _targets(str(home().root), info.name, info.fingerprint, info.task)


@st.cache_resource(max_entries=3, show_spinner=False)
def _frame(root: str, name: str, fingerprint: str) -> pd.DataFrame:
    return load_dataset(Home(Path(root)), name, fingerprint).frame


@st.cache_resource(max_entries=3, show_spinner=False)
def _targets(root: str, name: str, fingerprint: str, task: str) -> list[Target]:
    decode = get_task(task).decode
    return [decode(target) for target in _frame(root, name, fingerprint)["target"]]


def labels_in_words(info: DatasetInfo) -> str:
    """How many labels there are, and of what: `21 intents and 79 slot labels`."""
    task = get_task(info.task)
    texts, parts = task.text_label_set(info.labels), task.span_label_set(info.labels)
    if task.has_spans and texts:
        return f"{_count(texts, 'intent')} and {_count(parts, 'slot label')}"
    return _count(parts, "entity label") if task.has_spans else _count(texts, "label")


def _count(labels: Sequence[str], what: str) -> str:
    return f"{len(labels):,} {what}{'' if len(labels) == 1 else 's'}"
