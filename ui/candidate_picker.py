"""Choosing candidates: a card each with what it is, whether it fits, what it takes, and its settings."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.candidates import CANDIDATES, SUFFIXES, CandidateEntry, resolve
from core.data.dataset import DatasetInfo
from core.errors import TradeoffError
from core.estimate import Estimate
from core.methods import METHODS
from core.spec import Candidate, Device, RunSpec
from ui.estimates import estimates, in_words, memory_in_words
from ui.forms import settings_form, shown_value
from ui.messages import plain, show_error, told
from ui.theme import FAMILIES

FORM_PIXELS = 620
BADGES = {"baseline": "gray", "encoder": "blue", "finetuned_llm": "orange", "prompted_llm": "green", "api": "violet"}
HOW = {
    "full": "fine-tune all its weights", "lora": "fine-tune small adapters", "linear": "freeze it, fit a linear layer",
    "qlora": "fine-tune small adapters over 4-bit weights", "zero-shot": "ask it without examples",
    "few-shot": "ask it with six examples", "setfit": "fine-tune it on pairs of texts (SetFit)",
    "gliner": "ask it for labels it never saw (GLiNER)",
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """A candidate as it stands in its card: the changed settings, and whether it is to be launched."""

    name: str
    changes: dict[str, Any]
    candidate: Candidate
    taken: bool


def pick_candidates(info: DatasetInfo, size: int | None, device: Device) -> list[Choice]:
    """The cards of all candidates; returns each as it stands."""
    names = [*CANDIDATES, *st.session_state.setdefault("launch.extra", [])]
    choices = []
    with st.grid(min_column_width=310, gap="small"):
        for name in names:
            with st.container(border=True, gap="xsmall", height="stretch", key=f"card.{name}"), told():
                choices.append(_card(name, info, size, device))
    _add_another()
    return choices


def _card(name: str, info: DatasetInfo, size: int | None, device: Device) -> Choice:
    entry, standard = _entry(name), resolve(name)
    method = METHODS[entry.method]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        taken = st.checkbox(f"**{plain(name)}**", value=True, key=f"take.{name}", persist_state="session")
        st.badge(FAMILIES[method.family][0], color=BADGES[method.family])  # type: ignore[arg-type]
    st.caption(plain(entry.summary))
    slot = st.container()
    candidate, changes = standard, {}
    if method.settings.model_fields:
        popover = st.popover("Settings", icon=":material/tune:", type="tertiary", key=f"settings.{name}")
        with popover, st.container(width=FORM_PIXELS):
            st.markdown(f"**{plain(name)}**")
            st.caption(plain(method.summary))
            values = settings_form(method.settings, standard.settings, f"set.{name}")
        changes = {key: value for key, value in values.items() if value != standard.settings[key]}
        candidate = resolve(name, changes)
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=candidate, seed=0, train_size=size,
        device=device,
    )  # fmt: skip
    with slot:
        _takes(estimates(info, [spec])[0])
        if changes:
            st.caption(
                f":material/edit: {plain(', '.join(f'{key} = {shown_value(value)}' for key, value in changes.items()))}"
            )
    return Choice(name, changes, candidate, taken)


def _takes(found: Estimate) -> None:
    if found.fits is False:
        st.markdown(f":material/block: **Will not fit.** {plain(found.why_not)}")
    else:
        takes = f"{in_words(found.seconds, found.kwh, found.usd)} · {memory_in_words(found)}"
        st.markdown(plain(takes), help=plain(f"Estimate {found.basis}"))


def _entry(name: str) -> CandidateEntry:
    candidate = resolve(name)
    summary = f"{candidate.model}, any model through the same methods"
    return CANDIDATES.get(name) or CandidateEntry(name, candidate.method, candidate.model, summary)


def _add_another() -> None:
    with st.popover("Add any other model", icon=":material/add:"):
        st.markdown("A Hugging Face name or a local folder, through one of the methods.")
        model = st.text_input("Model", placeholder="FacebookAI/roberta-base", key="extra.model")
        how = st.selectbox(
            "What to do with it", list(SUFFIXES), key="extra.how", format_func=lambda suffix: HOW[suffix]
        )
        if st.button("Add", type="primary", key="extra.add", disabled=not model.strip()):
            try:
                name = resolve(f"{model.strip()}-{how}").id
            except TradeoffError as error:
                show_error(error)
                return
            if name not in CANDIDATES and name not in st.session_state["launch.extra"]:
                st.session_state["launch.extra"] = [*st.session_state["launch.extra"], name]
            st.rerun()
