"""What the audit found, each finding with its examples and one click to leave the texts out."""

import pandas as pd
import streamlit as st

from core.data.audit import Finding
from core.data.dataset import DatasetInfo, leave_out, load_dataset
from ui.audits import audit_failed, audit_of, is_auditing, start_audit
from ui.messages import plain, told
from ui.session import home

SIGNS = {"error": ":material/error:", "warning": ":material/warning:", "info": ":material/info:"}
EVERY_SECONDS = 1.5


def audit_section(info: DatasetInfo) -> None:
    """The findings; or how to get them."""
    audit = audit_of(info)
    if audit is None:
        _not_yet(info)
        return
    if not audit.findings:
        st.success("The audit found nothing to worry about.", icon=":material/check_circle:")
        return
    st.markdown(
        f"The audit has **{len(audit.findings)} findings**. Leaving texts out makes a new version; it can be undone."
    )
    for place, finding in enumerate(audit.findings):
        with told():
            _finding(info, finding, place)


def _not_yet(info: DatasetInfo) -> None:
    if is_auditing(info):
        st.fragment(_wait, run_every=EVERY_SECONDS)(info)
        return
    if audit_failed(info):
        st.warning("The audit ended without a result. Try it again; its texts are safe.", icon=":material/warning:")
    st.markdown(
        "The audit looks for duplicates, empty texts, test texts that stand in training, and likely wrong labels."
    )
    if st.button("Audit the texts", icon=":material/troubleshoot:"):
        start_audit(info)
        st.rerun()


def _wait(info: DatasetInfo) -> None:
    if is_auditing(info):
        st.info("Auditing … this takes seconds for thousands of texts, minutes for hundreds of thousands.",
                icon=":material/hourglass_top:")  # fmt: skip
    else:
        st.rerun()


def _finding(info: DatasetInfo, finding: Finding, place: int) -> None:
    sign = SIGNS.get(finding.severity, SIGNS["info"])
    with st.expander(f"{sign} {plain(finding.title)}", expanded=place == 0):
        st.markdown(plain(finding.explanation))
        if finding.examples:
            st.dataframe(
                pd.DataFrame(finding.examples), hide_index=True, key=f"finding.{place}", lazy=False,
                height="content" if len(finding.examples) < 9 else 330, alt=finding.title,
            )  # fmt: skip
        out = finding.leave_out_ids
        if out and st.button(f"Leave these {len(out):,} out" if len(out) > 1 else "Leave it out",
                             key=f"out.{finding.kind}.{place}", icon=":material/playlist_remove:"):  # fmt: skip
            note = f"Left out {len(out):,} {'texts' if len(out) > 1 else 'text'}: {finding.title}"
            made = leave_out(home(), load_dataset(home(), info.name, info.fingerprint), out, note)
            start_audit(made.info)
            st.toast(f"{len(out):,} left out", icon=":material/check:")
            st.rerun()
