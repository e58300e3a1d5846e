"""What a prompt will look like on real texts, how many tokens it takes, and its words to edit before launch."""

from typing import Any

import streamlit as st

from core.data.dataset import DatasetInfo, load_dataset
from core.prompts.demonstrations import draw
from core.prompts.preview import PromptPreview, preview
from core.prompts.styles import get_style
from core.spec import Candidate
from core.tasks import get_task
from ui.dialogs import close_dialog
from ui.session import home

SHOWN = 3


def is_prompt(candidate: Candidate) -> bool:
    """Whether a candidate asks in words that can be previewed."""
    return {"style", "instruction", "shots"} <= set(candidate.settings)


@st.dialog("Prompt", width="large", icon=":material/chat:", on_dismiss=close_dialog)
def prompt_dialog(info: DatasetInfo, candidate: Candidate) -> None:
    """The prompt of a candidate on some of the dataset's texts; its instruction can be edited."""
    settings, key, task = candidate.settings, f"prompt.{candidate.id}", get_task(info.task)
    style = get_style(settings["style"], task, info.labels)
    own = st.text_area(
        "Instruction", settings["instruction"], key=key, height=120, max_chars=4000,
        placeholder=style.instruction("", solved=settings["shots"] > 0),
        help="Empty takes the standard instruction. {labels} stands for the list of labels; each text and the way to "
        "answer follow by themselves.",
    )  # fmt: skip
    train = load_dataset(home(), info.name, info.fingerprint).examples("train")
    texts = [example.text for example in draw(train, SHOWN, "random", 1)]
    asked = candidate.model_copy(update={"settings": _without_encoder(settings, own)})
    found = preview(asked, task, info.labels, train, texts, home())
    _lengths(found)
    if asked.settings["demonstrations"] != settings["demonstrations"]:
        st.caption("Examples drawn at random stand here: in a run each text gets those most similar to it.")
    place = st.segmented_control("Text", range(len(found.prompts)), default=0, required=True, key=f"{key}.text",
                                 format_func=lambda number: f"Training text {number + 1}")  # fmt: skip
    st.code(found.prompts[place], language=None, wrap_lines=True, height=360)
    st.caption(
        f"Style {found.style}, version {found.version}: both are part of a run's identity. A chat model has its own "
        "marks around these parts."
    )
    same = own.strip() == settings["instruction"].strip()
    if st.button("Use this instruction", type="primary", key=f"{key}.use", disabled=same, on_click=_use,
                 args=(candidate.id, own.strip())):  # fmt: skip
        st.rerun()


def _without_encoder(settings: dict[str, Any], instruction: str) -> dict[str, Any]:
    """Similar examples take an encoder, which is never loaded in the dashboard: random ones stand for them."""
    drawn = "random" if settings["demonstrations"] == "similar" else settings["demonstrations"]
    return {**settings, "instruction": instruction, "demonstrations": drawn}


def _use(name: str, instruction: str) -> None:
    """Take the instruction into the candidate's form; a callback, since the form's widget is drawn before."""
    st.session_state[f"set.{name}.instruction"] = instruction
    close_dialog()


def _lengths(found: PromptPreview) -> None:
    """How long prompts get, and what does not fit into the model's window."""
    about = "" if found.exact else "about "
    shown = ", ".join(f"{count:,}" for count in found.tokens)
    window = f"{found.window:,} that the model reads" if found.window else "a window that is not known"
    st.markdown(
        f"**{about}{shown} tokens** of {window}.",
        help="Counted by the model's own tokenizer." if found.exact else "Counted by words: its tokenizer is not here.",
    )
    if found.fitting < found.demonstrations:
        dropped = found.demonstrations - found.fitting
        st.markdown(f":material/warning: {dropped} of {found.demonstrations} examples do not fit and are dropped.")
    if found.cut:
        st.markdown(f":material/warning: {found.cut} of {found.sampled} texts are longer than their room and are cut.")
