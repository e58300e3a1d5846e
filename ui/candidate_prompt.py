"""What a prompt will look like on real texts, how many tokens it takes, and its words to edit before launch."""

from typing import Any

import streamlit as st

from core.catalogue import card
from core.data.dataset import DatasetInfo, load_dataset
from core.prompts.counting import TokenCounts, count_tokens
from core.prompts.demonstrations import draw
from core.prompts.messages import plain_prompt
from core.prompts.styles import get_style
from core.spec import Candidate
from core.tasks import get_task
from ui.dialogs import close_dialog
from ui.session import home

SAMPLE, SHOWN = 60, 3
DEFAULT_WINDOW = 2048


def is_prompt(candidate: Candidate) -> bool:
    """Whether a candidate asks in words that can be previewed."""
    return {"style", "instruction", "shots"} <= set(candidate.settings)


@st.dialog("Prompt", width="large", icon=":material/chat:", on_dismiss=close_dialog)
def prompt_dialog(info: DatasetInfo, candidate: Candidate) -> None:
    """The prompt of a candidate on some of the dataset's texts; its instruction can be edited."""
    settings, key = candidate.settings, f"prompt.{candidate.id}"
    task = get_task(info.task)
    style = get_style(settings["style"], task, info.labels)
    train = load_dataset(home(), info.name, info.fingerprint).examples("train")
    shown = draw(train, settings["shots"], _drawn(settings), 0, task)
    standard = style.instruction("", solved=bool(shown))
    own = st.text_area(
        "Instruction", settings["instruction"], key=key, placeholder=standard, max_chars=4000, height=120,
        help="Empty takes the standard instruction. {labels} stands for the list of labels; each text and the way to "
        "answer follow by themselves.",
    )  # fmt: skip
    instruction = style.instruction(own, solved=bool(shown))
    texts = [example.text for example in train if example not in shown][:SAMPLE] or [train[0].text]
    prompts = [plain_prompt(style, instruction, shown, text) for text in texts]
    _counts(candidate, count_tokens(candidate.model, prompts, home()), settings)
    if settings.get("demonstrations") == "similar" and settings["shots"]:
        st.caption("The examples shown here are drawn at random: each text gets its own, most similar ones in the run.")
    place = st.segmented_control("Text", range(min(SHOWN, len(prompts))), default=0, required=True, key=f"{key}.text",
                                 format_func=lambda number: f"Training text {number + 1}")  # fmt: skip
    st.code(prompts[place], language=None, wrap_lines=True, height=360)
    st.caption(
        f"Style {style.name}, version {style.version}: both are part of a run's identity. A chat model has its own "
        "marks around these parts."
    )
    same = own.strip() == settings["instruction"].strip()
    if st.button("Use this instruction", type="primary", key=f"{key}.use", disabled=same, on_click=_use,
                 args=(candidate.id, own.strip())):  # fmt: skip
        st.rerun()


def _use(name: str, instruction: str) -> None:
    """Take the instruction into the candidate's form; a callback, since the form's widget is drawn before."""
    st.session_state[f"set.{name}.instruction"] = instruction
    close_dialog()


def _drawn(settings: dict[str, Any]) -> str:
    return "random" if settings["demonstrations"] == "similar" else settings["demonstrations"]


def _counts(candidate: Candidate, found: TokenCounts, settings: dict[str, Any]) -> None:
    """Typical and longest prompt, and what does not fit into the model's window."""
    known = card(candidate.model)
    window = (known.context if known else None) or DEFAULT_WINDOW
    room = window - settings.get("max_new_tokens", 0)
    beyond = sum(count > room for count in found.counts)
    about = "" if found.exact else "about "
    typical = sorted(found.counts)[len(found.counts) // 2]
    st.markdown(
        f"Typical prompt **{about}{typical:,} tokens**, longest **{about}{max(found.counts):,}**, of "
        f"{window:,} that the model reads{'' if known else ' (taken to be; its window is not known)'}.",
        help="Counted by the model's own tokenizer." if found.exact else "Counted by words: its tokenizer is not here.",
    )
    if beyond:
        st.markdown(
            f":material/warning: {beyond} of {len(found.counts)} do not fit: examples are dropped whole, then the text "
            "is cut. Show fewer examples."
        )
