"""Compare: how do a few candidates differ, and how sure is that?"""

import shlex

import streamlit as st

from core.findings.comparing import LEAST, MOST, SHOWN
from core.findings.comparing_words import pair_record, sentence
from core.tasks import ranking_metrics
from ui import data, theme
from ui.charts import draw
from ui.compare import compare_charts
from ui.compare import compare_parts as parts
from ui.compare.disagreement_list import disagreements
from ui.downloads import as_command, download
from ui.messages import empty, plain, told
from ui.metrics import metric_name
from ui.session import choose, choose_dataset, choose_many, home
from ui.tradeoff.tradeoff_filters import train_size_choice
from ui.what_if import as_options, told_assumptions, what_if

MARGINS = {"0": "any", "0.005": "0.5 points", "0.01": "1 point", "0.02": "2 points", "0.05": "5 points"}
PARTS = {
    "labels": "Label by label", "texts": "Texts they answer differently", "settings": "Settings that differ",
    "pairs": "Every pair",
}  # fmt: skip

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Compare", anchor=False, width="content")
    info = choose_dataset()
    if info:
        metrics = ranking_metrics(info.task)
        metric = choose("Quality", list(metrics), "metric", named=metric_name, help="\n\n".join(
            f"**{metric_name(name)}**: {meaning}" for name, meaning in metrics.items()))  # fmt: skip
        margin = choose("Differences that matter: above", list(MARGINS), "margin", "0.01", named=lambda m: MARGINS[m])
        size = train_size_choice(info)
        scenario = what_if()

if info is None:
    empty("Nothing to compare yet", "First a set of labelled texts, then a few runs.", "Add a dataset", "datasets")
    st.stop()
rows = data.rows_of(info, metric, size, scenario)
if len(rows) < LEAST:
    empty(
        "Two finished candidates are needed",
        f"On {plain(info.name)} {'only ' + plain(rows[0].candidate) if rows else 'none'} has finished so far.",
        "Launch candidates", "launch", ":material/compare_arrows:", dataset=info.name,
    )  # fmt: skip
    st.stop()
by_name = {row.candidate: row for row in rows}
names = choose_many(f"Candidates, {LEAST} to {MOST}", list(by_name), "compare", list(by_name)[:SHOWN], MOST)
if len(names) < LEAST:
    st.info("Choose a second candidate to compare.", icon=":material/compare_arrows:")
    st.stop()

with told():
    found = parts.compared([by_name[name] for name in names], float(margin))
    st.subheader(plain(sentence(found)), anchor=False)
    told_assumptions(scenario)
    beside = len(names) <= SHOWN  # the table of more candidates needs the whole width
    left, right = st.columns([6, 5], gap="medium") if beside else (st.container(), st.container())
    with left:
        reference = choose("Beside", [row.candidate for row in found.rows], "beside", width=320)
        draw(compare_charts.differences(found, reference, theme.is_dark()), "differences")
        st.caption(
            f"Right of the line is better than {plain(reference)}, on the {len(found.sides):,} test texts that all of "
            "them answered. Whiskers: 95 % interval of the difference. Shaded: differences that do not matter. p: how "
            f"often chance alone makes such a difference, counting all {len(found.pairs)} pairs. "
            f"{plain(found.best.candidate)} is the best on validation."
        )
    with right:
        parts.score_table(found)
        st.caption("Bold: the least of its line, and every quality that is not told apart from the best.")

    with st.container(key="parts"):
        part = parts.part_choice(PARTS)
    texts = data.example_texts(str(home().root), info.name, info.fingerprint)
    if part == "labels":
        labels = parts.labels_that_differ(found)
        draw(compare_charts.label_marks(labels, found.rows, parts.label_names(found), theme.is_dark()), "label_marks")
        parts.label_table(found)
    elif part == "texts":
        disagreements(found, texts)
    elif part == "settings":
        parts.settings_table(found)
    else:
        parts.pair_table(found)

    with st.container(horizontal=True):
        download(lambda: [pair_record(found, pair) for pair in found.pairs], f"{info.name}-pairs", "csv", "Pairs, CSV")
        download(lambda: parts.text_rows(found, texts), f"{info.name}-texts", "texts", "Texts, CSV")
        as_command(
            f"python cli.py compare {shlex.quote(info.name)} {' '.join(map(shlex.quote, names))} --metric {metric} "
            f"--margin {margin}{as_options(scenario)} --json"
        )
