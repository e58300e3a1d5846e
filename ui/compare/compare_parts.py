"""The parts of the Compare page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.cheapness import CLOSE
from core.analysis.results import CandidateRow
from core.findings.comparing import Compared, compare
from core.findings.comparing_words import VERDICTS, text_record, verdict
from core.tasks import get_task
from ui import data
from ui.candidate_table import WHOLE
from ui.compare.compare_charts import MOST_LABELS
from ui.energy_badges import COMPONENTS, part_told
from ui.forms import title
from ui.messages import plain
from ui.metrics import F1_HELP, difference_told, metric_name, metric_quality, metric_show
from ui.session import from_url, home, to_url

COSTS = {
    "usd_per_1k": ("Cost per 1,000 texts", f.exact_usd),
    "kwh_per_1k": ("Energy per 1,000 texts", f.energy),
    "co2e_g_per_1k": ("CO₂e per 1,000 texts", lambda grams: f.co2e(None if grams is None else grams / 1000)),
    "latency_p50_ms": ("Typical time for one text", f.milliseconds),
    "latency_p95_ms": ("95 of 100 texts within", f.milliseconds),
    "memory_bytes": ("Memory while answering", f.memory),
    "fit_seconds": ("Time to fit", f.duration),
    "fit_kwh": ("Energy to fit", f.energy),
    "fit_usd": ("Cost to fit", f.exact_usd),
}
"""Of which less is better: the name and how a value is written."""
ENERGIES = ("kwh_per_1k", "co2e_g_per_1k", "fit_kwh")


def compared(rows: Sequence[CandidateRow], margin: float) -> Compared:
    """The candidates side by side; what stands on predictions is computed once for the same candidates and metric."""
    of = tuple(map(data.identity, rows))
    found = _compared(str(home().root), of, rows)
    fresh = {row.candidate: row for row in rows}  # prices may have changed since
    return replace(found, margin=margin, rows=tuple(fresh[row.candidate] for row in found.rows))


@st.cache_resource(max_entries=8, show_spinner=False)
def _compared(root: str, of: tuple[Any, ...], _rows: Sequence[CandidateRow]) -> Compared:  # noqa: ARG001
    return compare(home(), _rows)


def score_table(found: Compared) -> None:
    """Every figure of every candidate: a column a candidate, the best of each line in bold."""
    frame = pd.DataFrame({plain(row.candidate): _cells(row, found) for row in found.rows})
    st.table(frame, border="horizontal")


def _cells(row: CandidateRow, found: Compared) -> dict[str, str]:
    alike = row is found.best or verdict(found.pair(found.best.candidate, row.candidate), found.margin) != "better"
    quality = metric_quality(row.metric, row.quality, row.quality_low, row.quality_high)
    cells = {metric_name(found.metric): _bold(quality, alike)}
    cells |= {metric_name(name): metric_show(name)(row.metrics.get(name)) for name in _others(found)}
    for field, (name, show) in COSTS.items():
        cells[name] = _bold(plain(show(getattr(row, field))), _is_least(row, field, found.rows))
        if field == "kwh_per_1k":
            parts = [part for part in COMPONENTS if any(part in one.energy_per_1k for one in found.rows)]
            cells |= {f"… {COMPONENTS[part]}": part_told(row, part) for part in parts}
    return cells


def _others(found: Compared) -> list[str]:
    return [name for name in found.best.metrics if name != found.metric]


def _is_least(row: CandidateRow, field: str, rows: Sequence[CandidateRow]) -> bool:
    """Whether a figure is clearly the least; energy that came about in different ways is not ranked."""
    if field in ENERGIES and len({one.energy_provenance for one in rows}) > 1:
        return False
    values = [value for one in rows if (value := getattr(one, field)) is not None]
    own = getattr(row, field)
    return own is not None and len(values) > 1 and own <= min(values) and max(values) > CLOSE * own


def _bold(text: str, yes: bool) -> str:
    return f"**{text}**" if yes else text


def pair_table(found: Compared) -> None:
    """Every pair: its difference, the test, and on how many texts only one is right."""
    rows = []
    for pair in found.pairs:
        gap, agreed = pair.difference, found.sides.agreement(pair.a, pair.b)
        half = (gap.high - gap.low) / 2
        told = [difference_told(found.metric, end, half) for end in (gap.value, gap.low, gap.high)]
        rows.append(
            {
                "Candidate": pair.a, "Beside": pair.b, "Difference": told[0],
                "95 % interval": f"{told[1]} to {told[2]}",
                "So it is": VERDICTS[verdict(pair, found.margin)], "p": f.p_value(pair.p),
                "p, all pairs": f.p_value(pair.p_holm), "Test": pair.test, "Both right": agreed.both_right,
                "Only it": agreed.only_a, "Only beside": agreed.only_b, "Both wrong": agreed.both_wrong,
                "Same answer": agreed.same,
            }
        )  # fmt: skip
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key="pairs", height="content", alt=f"{len(rows)} pairs of candidates",
        column_config={
            "Difference": st.column_config.Column(help="In points of the metric, on the same test texts"),
            "p": st.column_config.Column(help="How often chance alone makes a difference as large, of this pair alone"),
            "p, all pairs": st.column_config.Column(help="The same, counting all these pairs (Holm)"),
        },
    )  # fmt: skip


def label_names(found: Compared) -> dict[str, str]:
    """Each label as it is shown: what tells the intents from the slots becomes a word."""
    task = get_task(found.best.task)
    labels = [label.label for label in found.labels]
    both = task.has_spans and task.text_labels != "none"
    return {label: label.replace(":", " ", 1) if both and ":" in label else label for label in labels}


def labels_that_differ(found: Compared) -> list[Any]:
    """The labels to draw: all of few; of many those whose differences weigh most, frequent ones first."""
    if len(found.labels) <= MOST_LABELS:
        return list(found.labels)
    apart = sorted(found.labels, key=lambda label: -label.weight)[:MOST_LABELS]
    return [label for label in found.labels if label in apart]


def label_table(found: Compared) -> None:
    """F1 of every label and candidate, and how far they are apart; what weighs most first."""
    named, names = label_names(found), [row.candidate for row in found.rows]
    rows = [
        {"Label": named[label.label], "Right ones": label.support, "Apart": label.spread,
         **{name: label.f1[name][0] for name in names}}
        for label in sorted(found.labels, key=lambda label: -label.weight)
    ]  # fmt: skip
    show = metric_show("f1")
    st.dataframe(
        pd.DataFrame(rows).style.format(dict.fromkeys(("Apart", *names), show)), hide_index=True, key="labels",
        height="content" if len(rows) <= WHOLE else 460, alt="F1 of each label and candidate",
        column_config={
            "Right ones": st.column_config.Column(help="How often the label is right in the test texts"),
            "Apart": st.column_config.Column(help="The best candidate's F1 less the worst one's, in points"),
            **{name: st.column_config.Column(help=F1_HELP) for name in names},
        },
    )  # fmt: skip


def settings_table(found: Compared) -> None:
    """What is set differently; settings that only some methods have stand below."""
    shared = [row for row in found.settings if row.is_shared]
    own = [row for row in found.settings if not row.is_shared]
    names = [row.candidate for row in found.rows]

    def table(rows: Sequence[Any], key: str) -> None:
        cells = [{"Setting": title(row.name), **{name: _said(row.values, name) for name in names}} for row in rows]
        st.dataframe(pd.DataFrame(cells), hide_index=True, key=key, height="content" if len(cells) <= WHOLE else 460,
                     alt="Settings by candidate")  # fmt: skip

    if shared:
        table(shared, "settings.shared")
    else:
        st.markdown("Everything that they share is set alike.")
    if own:
        with st.expander(f"{len(own)} settings that only some of these methods have"):
            table(own, "settings.own")


def _said(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if name not in values:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def part_choice(options: dict[str, str]) -> str:
    """Which part is shown below; its choice lives in the URL."""
    from_url("part", list(options), next(iter(options)))
    chosen = st.segmented_control(
        "Show", list(options), key="part", format_func=lambda name: options[name], label_visibility="collapsed",
        on_change=to_url, args=("part",),
    )  # fmt: skip
    return chosen or next(iter(options))


def text_rows(found: Compared, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """The texts that were answered differently, flat: a column a candidate."""
    records = [text_record(found, place, texts) for place in found.sides.differing.tolist()]
    return [
        {"id": one["id"], "text": one["text"], "right": one["target"],
         **{name: "(unreadable)" if said is None else said for name, said in one["answers"].items()}}
        for one in records
    ]  # fmt: skip
