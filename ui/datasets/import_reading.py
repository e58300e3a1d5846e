"""What a file is read as: the task, which column holds what, and the first texts as they would be imported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core import format as f
from core.data import columns
from core.data.importing import Preview, TaskReading, Told
from core.spec import TaskName
from core.tasks import TASKS, get_task
from ui.messages import plain
from ui.reports import spans

NO_COLUMN = "(none)"
AUTO = "as detected"
SEPARATORS = {"|": "bar |", ";": "semicolon ;", ",": "comma ,", "\n": "new line", " ": "space"}
COLUMN_NAMES = {"tags": "Tags or spans", "tokens": "Words", "id": "Id"}
NEEDED = ("text", "label")


@dataclass(frozen=True)
class Chosen:
    """What the visitor settled on; `problem` says why it cannot be imported yet."""

    task: TaskName
    columns: dict[str, str]
    separator: str | None = None
    label_columns: tuple[str, ...] = ()
    tag_names: tuple[str, ...] = ()
    problem: str | None = None
    told: Told = field(default_factory=Told)

    def as_arguments(self) -> dict[str, Any]:
        """As `import_dataset` takes it."""
        return {
            "task": self.task, **self.columns, "separator": self.separator, "label_columns": self.label_columns,
            "tag_names": self.tag_names,
        }  # fmt: skip


def chosen_reading(preview: Preview, look: Callable[..., Preview], file_id: str) -> Chosen:
    """The widgets; `look` gives another preview under what is told."""
    readings = {reading.task: reading for reading in preview.readings}
    task: TaskName = st.segmented_control(
        "What is labelled?", list(readings), default=preview.task, key=f"task.{file_id}", required=True,
        format_func=lambda name: get_task(name).title, help=_help(),
    )  # fmt: skip
    reading = readings[task]
    if reading.why:
        st.caption(f"Recognised because {plain(reading.why[:1].lower() + reading.why[1:].rstrip('.'))}.")
    chosen = _told(preview, reading, task, f"{file_id}.{task}.{hash(tuple(column.name for column in preview.columns))}")
    if chosen.told != Told():
        with st.spinner("Reading …"):
            reading = next(found for found in look(told=chosen.told).readings if found.task == task)
    _read_as(reading, task)
    lacking = [role for role in NEEDED if task == "single_label" and role not in {**reading.columns, **chosen.columns}]
    problem = "Choose the columns of the text and of its label." if lacking else reading.problem
    return Chosen(task, chosen.columns, chosen.separator, chosen.label_columns, chosen.tag_names, problem, chosen.told)


def _help() -> str:
    return "\n\n".join(f"**{task.title}**: {next(iter(task.metrics.values()))[:1].lower()}"
                       f"{next(iter(task.metrics.values()))[1:]} counts." for task in TASKS.values())  # fmt: skip


def _told(preview: Preview, reading: TaskReading, task: TaskName, key: str) -> Chosen:
    """Which column holds what and how labels are written; the guess is preselected, and only changes are told."""
    names = [column.name for column in preview.columns]
    picked: dict[str, str] = {}
    with st.grid(min_column_width=180, gap="small"):
        for role in columns.ROLES_OF[task]:
            if role == "label" and task == "multi_label" and reading.form and "label" not in reading.columns:
                continue
            value = _column(role, task, names, reading.columns.get(role), f"column.{role}.{key}")
            if value is not None:
                picked[role] = value
        separator, label_columns = _many(names, key) if task == "multi_label" else (None, ())
        tag_names = _tag_names(key) if get_task(task).has_spans else ()
    changed = {role: name for role, name in picked.items() if reading.columns.get(role) != name}
    told = Told(**changed, separator=separator, indicators=label_columns, tag_names=tag_names)
    return Chosen(task, picked, separator, label_columns, tag_names, told=told)


def _column(role: str, task: str, names: Sequence[str], guess: str | None, key: str) -> str | None:
    needed = role in NEEDED and task in ("single_label", "multi_label")
    options = list(names) if needed else [NO_COLUMN, *names]
    wanted = guess if guess is not None or needed else NO_COLUMN
    index = options.index(wanted) if wanted in options else None
    label = f"{COLUMN_NAMES.get(role, role.capitalize())} column"
    value = st.selectbox(label, options, index, key=key, placeholder="choose")
    return None if value == NO_COLUMN else value


def _many(names: Sequence[str], key: str) -> tuple[str | None, tuple[str, ...]]:
    separator = st.selectbox(
        "Between labels stands", [AUTO, *SEPARATORS], key=f"separator.{key}",
        format_func=lambda sign: SEPARATORS.get(sign, sign),
    )  # fmt: skip
    label_columns = st.multiselect(
        "Or a column for each label", names, key=f"indicators.{key}", placeholder="none",
        help="Columns that hold only 0 and 1, or true and false: one for each label.",
    )  # fmt: skip
    return (None if separator == AUTO else separator), tuple(label_columns)


def _tag_names(key: str) -> tuple[str, ...]:
    names = st.text_input(
        "Names of numbered tags", key=f"tag_names.{key}", placeholder="O, B-city, I-city, …",
        help="Only for files whose tags are numbers: their names in the order of the numbers.",
    )  # fmt: skip
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _read_as(reading: TaskReading, task: TaskName) -> None:
    """The first texts with what was read for them, or why nothing can be read."""
    if reading.problem:
        st.warning(plain(reading.problem), icon=":material/warning:")
        return
    st.markdown("**The first texts as they would be imported**")
    found = get_task(task)
    known = found.span_label_set(found.label_set([example.target for example in reading.examples]))
    spans.listing(
        spans.target_html(example.text, found.decode(example.target), known, shorten=True)
        for example in reading.examples
    )
    shown = ", ".join(f"{f.shorten(label, 30)} ({count:,})" for label, count in list(reading.labels.items())[:8])
    more = " …" if len(reading.labels) > 8 else ""
    st.caption(plain(" ".join([f"Labels among the first rows: {shown}{more}.", *reading.notes])))
