"""Precision, recall and F1 of each label as a table, the weakest first."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import format as f
from ui.candidate_table import WHOLE
from ui.metrics import F1_HELP, metric_show

NAMES = {"label": "Label", "precision": "Precision", "recall": "Recall", "f1": "F1", "support": "Texts",
         "predicted": "Answered"}  # fmt: skip


def label_table(report: Sequence[Mapping[str, Any]], key: str, things: str = "Texts") -> None:
    """The rows of a task's `report` that occur. `things` is what a label is given to: `Texts`, `Entities`."""
    frame = pd.DataFrame(
        report, columns=[*NAMES, *(name for name in (report[0] if report else ()) if name not in NAMES)]
    )
    frame = frame[frame["support"] + frame["predicted"] > 0].sort_values("f1", kind="stable")
    shown = frame.rename(columns={**NAMES, "support": things})
    st.dataframe(
        shown.style.format({"Precision": f.percent, "Recall": f.percent, "F1": metric_show("f1")}),
        hide_index=True, height="content" if len(frame) <= WHOLE else 460, key=key,
        column_config={
            "Precision": st.column_config.Column(help="How many of the answers with this label are right"),
            "Recall": st.column_config.Column(help=f"How many {things.lower()} of this label are found"),
            "F1": st.column_config.Column(help=F1_HELP),
            things: st.column_config.Column(help=f"{things} that have this label"),
            "Answered": st.column_config.Column(help="How often it was answered"),
        },
        alt="Precision, recall and F1 of each label",
    )  # fmt: skip
