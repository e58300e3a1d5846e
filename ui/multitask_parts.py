"""The parts of the Multi-task page: which systems there are, one beside another, and what to do when there are none."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.multitask import Comparison, System, sentence
from core.data import views
from core.data.dataset import DatasetInfo
from core.findings.consolidated import Beside, compared, paired, part_rows, systems
from core.findings.results import pricing
from core.preferences import load as load_preferences
from core.runs import find_run
from ui import data, theme
from ui.charts import draw
from ui.downloads import as_command, download
from ui.messages import plain, told
from ui.metrics import metric_name, metric_quality
from ui.multitask_charts import TAKEN, differences, in_points, ratios
from ui.navigation import go
from ui.session import choose, home

OTHER = "another pair …"


def derive_first(info: DatasetInfo, parts: dict[str, DatasetInfo]) -> None:
    """What to do before there is anything to compare: make the sets of intents and of slots."""
    with st.container(border=True):
        st.markdown("#### 1 · The intents alone and the slots alone")
        st.markdown(
            f"Two models need a set each. Both are made of {plain(info.name)}, with the same texts, ids and splits, "
            "so that answers can be compared text by text."
        )
        with st.container(horizontal=True):
            if st.button("Make both sets", type="primary", icon=":material/call_split:"):
                with told():
                    for part in views.PARTS:
                        if part not in parts:
                            views.derive(home(), info.name, part)
                    st.rerun()
            as_command(f'python cli.py derive "{info.name}" intent\npython cli.py derive "{info.name}" slots')


def launch_first(info: DatasetInfo, parts: dict[str, DatasetInfo], ones: Sequence[System]) -> None:
    """What to do next when the sets are there but not the runs."""
    missing = [info.name] if not ones else []
    missing += [other.name for other in parts.values()
                if not any(run.status == "finished" for run in data.runs_on(other))]  # fmt: skip
    with st.container(border=True):
        st.markdown("#### 2 · The same candidate on each set")
        st.markdown(
            f"Finish runs of one candidate on **{plain(info.name)}** (one model for both), on "
            f"**{'** and on **'.join(plain(other.name) for other in parts.values())}** (a model for each)."
        )
        with st.container(horizontal=True):
            for name in missing or [other.name for other in parts.values()]:
                if st.button(f"Launch on {plain(name)}", key=f"launch.{name}", icon=":material/rocket_launch:"):
                    go("launch", dataset=name)
            names = [info.name, *(other.name for other in parts.values())]
            as_command("\n".join(f'python cli.py launch --dataset "{name}" --candidates minilm-full --wait'
                                 for name in names))  # fmt: skip


def together_or_apart(info: DatasetInfo, parts: dict[str, DatasetInfo]) -> None:
    """One model for intents and slots beside two: the sentence, the charts, the table."""
    summaries = [run.summary for run in data.all_runs()]
    price = pricing(load_preferences(home()))
    ones, twos = systems(info, parts, summaries, price)
    rows = part_rows(parts, summaries, price)
    if not ones or not all(rows):
        launch_first(info, parts, ones)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = _pick("One model", ones, "one", _match(twos, ones))
        names = [system.name for system in twos] + [OTHER]
        wanted = next((system.name for system in twos if _base(system) == _base(one)), names[0])
        which = choose("Two models", names, "two", wanted)
        if which == OTHER:
            intent = choose("For the intents", [row.candidate for row in rows[0]], "intents")
            slot = choose("For the slots", [row.candidate for row in rows[1]], "slots")
            two = paired(next(row for row in rows[0] if row.candidate == intent),
                         next(row for row in rows[1] if row.candidate == slot), summaries)  # fmt: skip
        else:
            two = next(system for system in twos if system.name == which)
    show_comparison(_compared(one, two), f"{info.name}-multitask", "both")
    as_command(f'python cli.py multitask "{info.name}" --json')


def _pick(label: str, options: Sequence[System], key: str, default: str | None) -> System:
    name = choose(label, [system.name for system in options], key, default)
    return next(system for system in options if system.name == name)


def _match(twos: Sequence[System], ones: Sequence[System]) -> str | None:
    """The first one model whose candidate there is a pair of."""
    return next((one.name for one in ones for two in twos if _base(one) == _base(two)), None)


def _base(system: System) -> str:
    return find_run(home(), system.groups[0][0]).spec.candidate.label if system.groups else ""


def _compared(one: System, two: System) -> Comparison:
    with st.spinner("Comparing …"):
        return _comparison(one.groups, two.groups, one, two)


@st.cache_data(max_entries=12, show_spinner=False)
def _comparison(of: object, beside: object, _one: System, _two: System) -> Comparison:  # noqa: ARG001
    return compared(home(), _one, _two)


def show_comparison(comparison: Comparison, name: str, key: str) -> None:
    """The sentence, the differences and what both take, and all figures as a table."""
    st.subheader(plain(sentence(comparison)), anchor=False)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown("#### Quality")
        draw(differences(comparison.qualities, theme.is_dark()), f"{key}.quality")
    with right:
        st.markdown("#### What it takes")
        draw(ratios(comparison.takes, theme.is_dark()), f"{key}.takes")
    rows = table_rows(comparison)
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key=f"{key}.table",
                 alt="Quality and usage of both, side by side")  # fmt: skip
    word = theme.PROVENANCE[comparison.takes[0].energy_provenance][0]
    runs = len(comparison.one.groups)
    st.caption(
        "Whiskers: 95 % interval of the difference on the same texts; hollow: tied. "
        f"{runs} run{'s' if runs > 1 else ''} of each. Two models answer one after the other and are both in memory, "
        f"so time, energy, cost and memory of two are sums. Energy is {word}."
    )
    said = unread(comparison)
    if said:
        st.info("  \n".join(plain(line) for line in said), icon=":material/help:")
    download(rows, name, f"{key}.csv")


def unread(comparison: Comparison) -> list[str]:
    """For each model with answers that could not be read: how many, and what becomes of them here."""
    rows = {(row.candidate, row.run_ids): row for side in (comparison.one, comparison.two) for row in side.rows}
    return [
        f"{row.candidate} on {find_run(home(), row.run_ids[0]).spec.dataset}: {f.percent(row.invalid_rate)} of "
        f"{row.test_texts:,} answers could not be read. All of them count as wrong here, so that both answer the same "
        "texts."
        for row in rows.values() if row.invalid_rate
    ]  # fmt: skip


def table_rows(comparison: Comparison) -> list[dict[str, str]]:
    """Every figure of both in words."""
    one, two = comparison.one.title, comparison.two.title
    rows = [
        {"": metric_name(quality.metric), one: metric_quality(quality.metric, *quality.one),
         two: metric_quality(quality.metric, *quality.two), "Difference": in_points(quality)}
        for quality in comparison.qualities
    ]  # fmt: skip
    for field, (name, show) in TAKEN.items():
        values = [getattr(side, field) for side in comparison.takes]
        if field == "peak_gpu_bytes" and not any(values):
            continue
        ratio = f"{values[0] / values[1]:.2f}×" if values[0] is not None and values[1] else f.UNKNOWN
        rows.append({"": name, one: show(values[0]), two: show(values[1]), "Difference": ratio})
    return rows


def over_several_sets(found: Sequence[Beside]) -> None:
    """Each model that was fitted on several sets together, beside the same candidate on one of them alone."""
    names = list(dict.fromkeys(f"{beside.together.name} on {beside.dataset}" for beside in found))
    chosen = choose("Model and dataset", names, "beside")
    beside = found[names.index(chosen)]
    show_comparison(_compared(beside.together, beside.alone), f"{beside.dataset}-together", "beside")


def launch_together(infos: Sequence[DatasetInfo]) -> None:
    """How one model is fitted over several sets."""
    names = [info.name for info in infos][:2]
    st.markdown(
        "A language model can learn several sets at once: one set of weights, one adapter. Launch it on several sets "
        "together, and the same candidate on each set alone; both stand here beside each other then."
    )
    as_command(
        f'python cli.py launch --dataset "{names[0]}" --with "{names[-1]}" --candidates smollm2-lora --wait\n'
        f'python cli.py launch --dataset "{names[0]}" --candidates smollm2-lora --wait'
    )
