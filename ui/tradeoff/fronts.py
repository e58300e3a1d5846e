"""The Pareto front of two figures for a page: the draws of the quality are kept, prices and ranges are drawn anew."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.analysis.results import CandidateRow
from core.data.dataset import DatasetInfo
from core.findings.fronts import QUALITY, Front, figure_draws, found_front, quality_draws
from core.findings.results import pricing
from core.preferences import load
from ui import data
from ui.session import home


def front_of(info: DatasetInfo, rows: Sequence[CandidateRow], up: str, against: str) -> Front:
    """Who of the rows is on the front of two of their fields, and how sure that is."""
    runs = {run.run_id: run.summary for run in data.runs_on(info)}
    price = pricing(load(home()))

    def drawn(field: str) -> dict[str, NDArray[np.float64]]:
        if field == QUALITY:
            return _quality(str(home().root), tuple(map(data.identity, rows)), rows)
        return figure_draws(rows, field, runs, price)

    return found_front(rows, up, against, drawn(up), drawn(against))


@st.cache_resource(max_entries=6, show_spinner=False)
def _quality(root: str, of: tuple[Any, ...], _rows: Sequence[CandidateRow]) -> dict[str, NDArray[np.float64]]:  # noqa: ARG001
    return quality_draws(home(), _rows)
