"""The parts of the Cascade page: who answers what, saving, all figures, other pairs."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.cascade_choice import CascadeFound, Point
from core.analysis.compare import Difference
from core.analysis.results import CandidateRow
from core.findings.cascade_answers import Terms
from core.findings.cascade_saving import save
from core.findings.cascade_suggestions import Suggestion
from core.preferences import load as load_preferences
from core.spec import slug
from ui import data, theme
from ui.messages import plain, told
from ui.metrics import difference_told, metric_quality, metric_show
from ui.navigation import link
from ui.session import home, many_to_url


def who_answers(found: CascadeFound) -> None:
    """Each stage: the share of the texts that it answers, and when its answer stands."""
    with st.container(border=True, gap="small"):
        st.caption(f"Of {found.test_texts:,} test texts")
        for stage in found.stages:
            st.markdown(f"**{plain(stage.candidate)}** answers **{f.percent(stage.answered, 0)}**")
            st.progress(min(max(stage.answered, 0.0), 1.0))
            st.caption(_when(stage.threshold))
        for note in found.notes:
            st.caption(f":material/help: {plain(note)}")
        word, colour, meaning = theme.PROVENANCE[found.energy_provenance]
        st.badge(f"energy {word}", color=colour, help=meaning)  # type: ignore[arg-type]


def _when(threshold: float | None) -> str:
    if threshold is None:
        return "Answers whatever comes to it."
    return f"Its answer stands when it is at least {100 * threshold:.1f} % sure, else the text is passed on."


def save_form(found: CascadeFound, rows: Sequence[CandidateRow]) -> None:
    """Keep the cascade as a candidate."""
    if found.person_usd is not None:
        st.caption("A cascade that ends with a person cannot be asked by a program, so it is not kept as a candidate.")
        return
    with st.form("save", border=True):
        st.markdown("**Keep it as a candidate**", help="It then stands on every page, and answers like any other: in "
                    "the playground, by `cli.py predict` and through the API.")  # fmt: skip
        first, last = found.stages[0].candidate, found.stages[-1].candidate
        name = st.text_input("Name", slug(f"{first}-then-{last}"), max_chars=48)
        pressed = st.form_submit_button("Save", icon=":material/save:")
    if pressed:
        with told():
            folders = save(home(), rows, Terms.of(load_preferences(home())).price, found, name.strip())
            data.look_again()
            st.session_state["cascade.saved"] = (found.dataset, name.strip(), folders[0].run_id)
    dataset, name, run = st.session_state.get("cascade.saved", ("", "", ""))
    if dataset == found.dataset and any(one.run_id == run for one in data.all_runs()):
        st.success(f"{plain(name)} is a candidate now.", icon=":material/check:")
        with st.container(horizontal=True, gap="small"):
            link("playground", "Try a text", run=run, dataset=dataset)
            link("tradeoff", "See it beside the others", dataset=dataset)


def figure_rows(found: CascadeFound) -> list[dict[str, Any]]:
    """The cascade and each stage alone, as plain figures."""
    alone = zip(found.stages, found.alone, found.differences, strict=True)
    rows: list[tuple[str, Point, Difference | None]] = [("This cascade", found.chosen, None)]
    rows += [(f"{stage.candidate} alone", point, gap) for stage, point, gap in alone]
    return [
        {
            "candidate": name, **point.model_dump(mode="json", exclude={"thresholds", "answered"}),
            "difference": gap and gap.value, "difference_low": gap and gap.low, "difference_high": gap and gap.high,
        }
        for name, point, gap in rows
    ]  # fmt: skip


def figures_table(found: CascadeFound) -> None:
    """The cascade beside each stage alone, in words."""
    points: list[tuple[str, Point, str, str | None]] = [("This cascade", found.chosen, "", found.energy_provenance)]
    for stage, point, gap in zip(found.stages, found.alone, found.differences, strict=True):
        low, high = (difference_told(found.metric, end) for end in (gap.low, gap.high))
        said = f"{difference_told(found.metric, gap.value)} ({low} to {high})"
        points.append((f"{stage.candidate} alone", point, said, stage.energy_provenance))
    mistakes, unit = found.chosen.mistakes_usd_per_1k is not None, "" if found.metric == "mcc" else " (points)"
    st.dataframe(
        pd.DataFrame(
            {
                "Candidate": name,
                "Quality": metric_quality(found.metric, point.quality, point.quality_low, point.quality_high),
                f"Cascade minus it{unit}": said, "Cost / 1,000": f.exact_usd(point.usd_per_1k),
                **({"Mistakes / 1,000": f.usd(point.mistakes_usd_per_1k)} if mistakes else {}),
                "Energy / 1,000": f.energy(point.kwh_per_1k), "Energy is": sure or "not metered",
                "One text": f.milliseconds(point.latency_p50_ms),
                "95 of 100 within": f.milliseconds(point.latency_p95_ms),
                "On validation": metric_show(found.metric)(point.validation_quality),
            }
            for name, point, said, sure in points
        ),
        hide_index=True, height="content", key="cascade.figures", alt="The cascade beside each of its stages alone",
    )  # fmt: skip


def other_pairs(found: Sequence[Suggestion], metric: str) -> None:
    """Pairs worth a look, by validation; a chosen row becomes the stages."""
    st.markdown("#### Pairs worth a look", help="By validation, the cheapest that keep the quality of the best first.")

    def taken() -> None:
        for place in st.session_state["cascade.pairs"]["selection"]["rows"]:
            st.session_state["stages"] = list(found[place].stages)
            many_to_url("stages")

    st.dataframe(
        pd.DataFrame(
            {
                "First": one.stages[0], "Then": one.stages[1], "First answers": f.percent(one.answered_first, 0),
                "Quality on validation": metric_show(metric)(one.validation_quality),
                "Saved beside the best alone": f.percent(one.saved, 0),
            }
            for one in found
        ),
        hide_index=True, height="content", key="cascade.pairs", on_select=taken, selection_mode="single-row",
        alt="Pairs of candidates that make a cascade worth a look, by validation",
    )  # fmt: skip
