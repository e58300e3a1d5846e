"""The candidates to compare, each a card: what it is, what it will take, whether it fits, its settings."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.candidates import CANDIDATES, CandidateEntry, candidates_for, resolve
from core.catalogue import card as model_card
from core.data.dataset import DatasetInfo
from core.estimating.estimate import Estimate
from core.estimating.fit import NEEDS_TOKEN, needs_token
from core.methods import METHODS, asks_provider, can_do
from core.spec import Candidate, Device, RunSpec
from ui.dialogs import is_open, open_dialog
from ui.forms import settings_form, shown_value
from ui.launch.candidate_catalogue import ADDED, all_known, catalogue_dialog
from ui.launch.candidate_prompt import is_prompt, prompt_dialog
from ui.launch.estimates import estimates, in_words, memory_in_words
from ui.messages import plain, told
from ui.theme import FAMILIES

FORM_PIXELS = 620
BADGES = {"baseline": "gray", "encoder": "blue", "finetuned_llm": "orange", "prompted_llm": "green", "api": "violet"}
SLOW = ("finetuned_llm",)
"""Families that take long without a GPU: their bundled candidates are offered, and taken when asked for."""


@dataclass(frozen=True)
class Choice:
    """A candidate as it stands in its card: the changed settings, and whether it is to be launched."""

    name: str
    changes: dict[str, Any]
    candidate: Candidate
    taken: bool


def pick_candidates(info: DatasetInfo, size: int | None, device: Device, together: bool = False) -> list[Choice]:
    """The cards of all candidates that can do the task; returns each as it stands.

    `together`: each is to be fitted on several datasets, so that those that cannot are only shown.
    """
    added = [name for name in st.session_state.setdefault(ADDED, []) if can_do(resolve(name).method, info.task)]
    names = [*(entry.id for entry in candidates_for(info.task)), *added]
    choices = []
    with st.grid(min_column_width=310, gap="small"):
        for name in names:
            with st.container(border=True, gap="xsmall", height="stretch", key=f"card.{name}"), told():
                choices.append(_card(name, info, size, device, together))
    more = f"{all_known()} known models with size, licence and whether they fit, or any other by its name"
    st.button("Add models", icon=":material/library_add:", key="extra.open", help=more, on_click=open_dialog,
              args=("catalogue",))  # fmt: skip
    if is_open("catalogue"):
        catalogue_dialog(info, device)
    return choices


def _card(name: str, info: DatasetInfo, size: int | None, device: Device, together: bool) -> Choice:
    entry, standard = _entry(name), resolve(name)
    method = METHODS[entry.method]
    barred = together and not method.joint
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        taken = st.checkbox(
            f"**{plain(name)}**", value=name not in CANDIDATES or method.family not in SLOW, key=f"take.{name}",
            persist_state="session", disabled=barred,
        )  # fmt: skip
        st.badge(FAMILIES[method.family][0], color=BADGES[method.family])  # type: ignore[arg-type]
    st.caption(plain(entry.summary))
    slot = st.container()
    candidate, changes = _settings(name, standard, info, size)
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=candidate, seed=0, train_size=size,
        device="api" if asks_provider(candidate.method) else device,
    )  # fmt: skip
    with slot:
        if barred:
            st.markdown(":material/block: Cannot be fitted on several datasets together.")
        else:
            _takes(estimates([spec])[0])
        known = model_card(candidate.model)
        if known and needs_token(known):
            st.markdown(f":material/key: {NEEDS_TOKEN}")
        if changes:
            st.caption(
                f":material/edit: {plain(', '.join(f'{key} = {shown_value(value)}' for key, value in changes.items()))}"
            )
    return Choice(name, changes, candidate, taken and not barred)


def _settings(name: str, standard: Candidate, info: DatasetInfo, size: int | None) -> tuple[Candidate, dict[str, Any]]:
    """The form of a candidate's settings and its prompt; returns it as it stands, and what was changed."""
    method = METHODS[standard.method]
    if not method.settings.model_fields:
        return standard, {}
    with st.container(horizontal=True, gap="xsmall"):
        popover = st.popover("Settings", icon=":material/tune:", type="tertiary", key=f"settings.{name}")
        with popover, st.container(width=FORM_PIXELS):
            st.markdown(f"**{plain(name)}**")
            st.caption(plain(method.summary))
            values = settings_form(method.settings, standard.settings, f"set.{name}")
        changes = {key: value for key, value in values.items() if value != standard.settings[key]}
        candidate = resolve(name, changes)
        if is_prompt(candidate):
            st.button(
                "Prompt", icon=":material/chat:", type="tertiary", key=f"preview.{name}", on_click=open_dialog,
                args=(f"prompt.{name}",), help="See it on real texts with its tokens counted, and edit its words",
            )  # fmt: skip
    if is_open(f"prompt.{name}"):
        prompt_dialog(info, candidate, size)
    return candidate, changes


def _takes(found: Estimate) -> None:
    if found.fits is False:
        st.markdown(f":material/block: **Will not fit.** {plain(found.why_not)}")
    else:
        takes = f"{in_words(found.seconds, found.kwh, found.usd)} · {memory_in_words(found)}"
        st.markdown(plain(takes), help=plain(f"Estimate {found.basis}"))


def _entry(name: str) -> CandidateEntry:
    candidate = resolve(name)
    summary = f"{candidate.model}: {METHODS[candidate.method].summary.lower()}"
    return CANDIDATES.get(name) or CandidateEntry(name, candidate.method, candidate.model, summary)
