"""Labels: would more labels, more test texts or more seeds help?"""

import shlex

import streamlit as st

from core.findings.label_study import Goal
from core.tasks import ranking_metrics
from ui import data, theme
from ui.charts import draw
from ui.downloads import as_command, download
from ui.labels import label_parts as parts
from ui.labels.curve_charts import learning_curves
from ui.labels.label_costs import cheapest_way
from ui.labels.prompt_ways import asked_of, prompt_part
from ui.messages import empty, plain, told
from ui.metrics import metric_name
from ui.session import choose, choose_dataset

MARGINS = {"0": "none", "0.005": "0.5 points", "0.01": "1 point", "0.02": "2 points", "0.05": "5 points"}
BEST = "the best one here"

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Labels", anchor=False, width="content")
    info = choose_dataset(width=260)
    if info:
        metrics = ranking_metrics(info.task)
        metric = choose("Quality", list(metrics), "metric", named=metric_name, width=220)
        margin = choose("Margin", list(MARGINS), "margin", "0.01", named=lambda m: MARGINS[m], width=130,
                        help="How much worse than the goal still counts as reaching it.")  # fmt: skip
if info is None:
    empty("Nothing to tell yet", "First a set of labelled texts, then a few runs.", "Add a dataset", "datasets",
          add="file")  # fmt: skip
    st.stop()
rows = data.rows_of(info, metric)
if not rows:
    empty(
        f"No finished run on {plain(info.name)} yet", "Launch a few candidates: the cheap ones finish within seconds.",
        "Launch candidates", "launch", ":material/rocket_launch:", dataset=info.name,
    )  # fmt: skip
    st.stop()

with told():
    chooser = st.container(horizontal=True, gap="medium")
    with chooser:
        target = choose("Goal: as good as", [BEST, *(row.candidate for row in rows)], "goal", width=300)
    study = parts.study_of(info, rows, Goal(target="" if target == BEST else target, margin=float(margin)))
    with_curve = [one.learner.name for one in study.answers if one.curve]
    answer = None
    if with_curve:
        with chooser:
            answer = study.answer(choose("Candidate that learns", with_curve, "learner", width=300))
        st.subheader(plain(answer.sentence), anchor=False)
    else:
        st.subheader("No learning curve yet: nothing is known of what more labels would bring.", anchor=False)
    parts.three_answers(info, study, answer, parts.power_of(info, rows, float(margin)))
    if answer:
        draw(learning_curves(study, answer.learner.name, theme.is_dark()), "curves")
        st.caption(
            "Whiskers: 95 % interval over the test texts. Band: 95 % for test texts and seeds. Dotted: beyond what was "
            f"tried. Dashed: the goal. All on the {study.curves.texts:,} test texts that all of them answered."
        )
        parts.curve_table(study)
    parts.race_rounds(info)
    parts.launch_curve(info, study)
    with st.container(horizontal=True):
        download(lambda: [{"candidate": one.learner.name, **vars(point)} for one in study.answers if one.curve
                          for point in one.curve.points], f"{info.name}-curves", "csv")  # fmt: skip
        goal = f" --target {shlex.quote(study.goal.target)}" if study.goal.target else ""
        as_command(f"python cli.py curve {shlex.quote(info.name)} --metric {metric} --margin {margin}{goal} --json")

if rows:
    with told():
        if with_curve:
            st.markdown("#### What is the cheapest way to the goal?")
            cheapest_way(study, rows)
        asked = asked_of(info, rows)
        if asked:
            st.markdown("#### How much hangs on how a prompt is worded?")
            prompt_part(info, rows, asked)
