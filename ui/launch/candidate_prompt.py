"""What a prompt will look like on real texts, how many tokens it takes, and its words to edit before launch."""

import streamlit as st

from core.data.dataset import DatasetInfo
from core.methods import asks_provider
from core.methods.phrasing import taught_instruction, taught_style
from core.prompts.preview import SEARCHED, PromptPreview, asks_in_words, needs_encoder
from core.prompts.preview_child import PreviewRequest, previewed
from core.prompts.styles import style_of
from core.spec import Candidate
from core.tasks import get_task
from ui.dialogs import close_dialog
from ui.messages import told
from ui.session import home

SHOWN = 3
is_prompt = asks_in_words


@st.dialog("Prompt", width="large", icon=":material/chat:", on_dismiss=close_dialog)
def prompt_dialog(info: DatasetInfo, candidate: Candidate, size: int | None = None) -> None:
    """The prompt of a candidate on some of the dataset's texts, shown as the run with `size` training texts and the
    first seed asks it; its instruction can be edited.
    """
    settings, key = candidate.settings, f"prompt.{candidate.id}"
    taught = "shots" not in settings
    own = st.text_area(
        "Instruction", settings["instruction"], key=key, height=120, max_chars=4000,
        placeholder=_standard(info, candidate),
        help="Empty takes the standard instruction. {labels} stands for the list of labels; each text and the way to "
        "answer follow by themselves.",
    )  # fmt: skip
    asked = candidate.model_copy(update={"settings": {**settings, "instruction": own}})
    request = PreviewRequest(
        home=str(home().root), dataset=info.name, fingerprint=info.fingerprint, candidate=asked, train_size=size,
        count=SHOWN,
    )  # fmt: skip
    with told():
        found = _previewed(request)
        _lengths(found, asked)
        of = "Training" if taught else "Validation"
        place = st.segmented_control("Text", range(len(found.prompts)), default=0, required=True, key=f"{key}.text",
                                     format_func=lambda number: f"{of} text {number + 1}")  # fmt: skip
        st.code(found.prompts[place], language=None, wrap_lines=True, height=280 if taught else 360)
        if found.answers:
            st.markdown("**It is taught to write**")
            st.code(found.answers[place], language=None, wrap_lines=True)
        st.caption(
            f"Style {found.style}, version {found.version}: both are part of a run's identity. "
            + ("Each message goes to the endpoint under the name in brackets." if asks_provider(asked.method)
               else "A chat model has its own marks around these parts.")
        )  # fmt: skip
    same = own.strip() == settings["instruction"].strip()
    if st.button("Use this instruction", type="primary", key=f"{key}.use", disabled=same, on_click=_use,
                 args=(candidate.id, own.strip())):  # fmt: skip
        st.rerun()


def _standard(info: DatasetInfo, candidate: Candidate) -> str:
    settings, task = candidate.settings, get_task(info.task)
    if "shots" in settings:
        return style_of(settings, task, info.labels).instruction("", solved=settings["shots"] > 0)
    return taught_instruction(taught_style(settings["style"], task, info.labels), "", "no", lambda _: [])[1]


def _previewed(request: PreviewRequest) -> PromptPreview:
    if not needs_encoder(request.candidate):
        return previewed(request)
    with st.spinner("Looking for similar examples …"):
        return _searched(request.model_dump_json())


@st.cache_data(max_entries=20, show_spinner=False)
def _searched(request: str) -> PromptPreview:
    """Kept, since a process of its own loads an encoder for it."""
    return previewed(PreviewRequest.model_validate_json(request))


def _use(name: str, instruction: str) -> None:
    """Take the instruction into the candidate's form; a callback, since the form's widget is drawn before."""
    st.session_state[f"set.{name}.instruction"] = instruction
    close_dialog()


def _lengths(found: PromptPreview, candidate: Candidate) -> None:
    """How long prompts get, and what does not fit into the model's window."""
    about = "" if found.exact else "about "
    shown = ", ".join(f"{count:,}" for count in found.tokens)
    window = f"{found.window:,} that the model reads" if found.window else "a window that is not known"
    remote = asks_provider(candidate.method)
    characters = ", ".join(f"{len(prompt):,}" for prompt in found.prompts)
    st.markdown(
        f"**{about}{shown} tokens** of {window}" + (f" · {characters} characters." if remote else "."),
        help="Counted by the model's own tokenizer." if found.exact
        else "An estimate: the model's tokenizer is not here, or it has no tokens for line ends.",
    )  # fmt: skip
    if found.demonstrations:
        st.markdown(_demonstrations(found, remote))
    if found.searched:
        more = "; a run looks among all of its pool" if found.searched >= SEARCHED else ""
        st.caption(f"Similar examples were looked for among {found.searched:,} training texts{more}.")
    limit = f"{candidate.settings['max_text_characters']:,} characters" if remote else "their room"
    if found.cut:
        st.markdown(f":material/warning: {found.cut} of {found.sampled} texts are longer than {limit} and are cut.")
    elif found.sampled:
        st.caption(f"None of {found.sampled} training texts is longer than {limit}.")


def _demonstrations(found: PromptPreview, remote: bool) -> str:
    if found.fitting >= found.demonstrations:
        known = "" if found.window or not remote else ", as far as can be told without knowing its window"
        return f"All {found.demonstrations} examples fit{known}."
    dropped = found.demonstrations - found.fitting
    end = "do not fit and are dropped" if not remote else "will not fit, and the endpoint would refuse the request"
    return f":material/warning: {dropped} of {found.demonstrations} examples {end}."
