"""What the audit found, each finding with its examples and one click to leave the texts out."""

import pandas as pd
import streamlit as st

from core.data.dataset import DatasetInfo, leave_out, load_dataset
from core.data.finding import Finding, counted
from ui.datasets.audits import audit_of, start_audit, status_of
from ui.messages import plain, told
from ui.session import home

SIGNS = {
    "problem": ":material/error:", "warning": ":material/warning:", "notice": ":material/info:",
    "ok": ":material/check_circle:",
}  # fmt: skip
COLUMNS = {
    "group": "Group", "text": "Text", "detail": "Where", "shown": "Label", "suggested": "Suggested",
    "confidence": "Sure", "split": "Split", "id": "Id",
}  # fmt: skip
EVERY_SECONDS = 1.5


def audit_section(info: DatasetInfo) -> None:
    """The findings; or how to get them."""
    audit = audit_of(info)
    if audit is None:
        _not_yet(info)
        return
    found = audit.open_findings
    if found:
        st.markdown(
            f"The audit has **{counted(len(found), 'finding')}** to look at. Leaving texts out makes a new version; "
            "that can be undone."
        )
    else:
        st.success("The audit found nothing to worry about.", icon=SIGNS["ok"])
    for place, finding in enumerate(found):
        with told():
            _finding(info, finding, place)
    well = [finding for finding in audit.findings if finding.severity == "ok"]
    if well:
        with st.expander(f"{SIGNS['ok']} {counted(len(well), 'check')} without a finding"):
            for finding in well:
                st.markdown(f"- {plain(finding.title)}")
    for note in audit.notes:
        st.caption(plain(note))


def _not_yet(info: DatasetInfo) -> None:
    status = status_of(info)
    if status.state == "running":
        st.fragment(_wait, run_every=EVERY_SECONDS)(info)
        return
    if status.state == "failed":
        st.warning(plain(status.line), icon=":material/warning:")
    st.markdown(
        "The audit looks for duplicates, empty texts, test texts that stand in training, and likely wrong labels."
    )
    if st.button("Audit the texts", icon=":material/troubleshoot:"):
        start_audit(info)
        st.rerun()


def _wait(info: DatasetInfo) -> None:
    status = status_of(info)
    if status.state != "running":
        st.rerun()
    st.progress(status.share, f"Auditing: {plain(status.line)} …")
    st.caption("Seconds for thousands of texts, minutes for hundreds of thousands. It goes on when you leave the page.")


def _finding(info: DatasetInfo, finding: Finding, place: int) -> None:
    with st.expander(f"{SIGNS[finding.severity]} {plain(finding.title)}", expanded=place == 0):
        st.markdown(plain(finding.explanation))
        if finding.examples:
            shown = pd.DataFrame([example.model_dump() for example in finding.examples]).dropna(axis=1, how="all")
            shown = shown[[name for name in COLUMNS if name in shown]].rename(columns=COLUMNS)
            st.dataframe(
                shown, hide_index=True, key=f"finding.{finding.kind}", placeholder="",
                height="content" if len(shown) < 9 else 330, alt=finding.title,
                column_config={"Text": st.column_config.TextColumn(width="large"),
                               "Sure": st.column_config.NumberColumn(format="percent")},
            )  # fmt: skip
        out = finding.leave_out_ids
        if out and st.button(
            f"Leave {counted(len(out), 'text')} out", key=f"out.{finding.kind}", icon=":material/playlist_remove:",
            help=finding.leave_out_note or None,
        ):  # fmt: skip
            note = f"{counted(len(out), 'text')} left out: {finding.leave_out_note or finding.title}"
            made = leave_out(home(), load_dataset(home(), info.name, info.fingerprint), out, note)
            start_audit(made.info)
            st.toast(f"{counted(len(out), 'text')} left out", icon=":material/check:")
            st.rerun()
