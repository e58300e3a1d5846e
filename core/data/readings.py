"""What a file would give for each task, before it is imported: columns, form, first examples in plain words."""

from collections import Counter
from dataclasses import dataclass, field, replace

from core.data.formats.table import Table
from core.data.forms.rows import Reader, find_scheme, mended_sentences
from core.data.forms.tags import SCHEMES
from core.data.guessing import guess_task
from core.data.labelled import label_counts
from core.data.layout import NOTHING_TOLD, Layout, Told, find_layout
from core.data.signs import FORMS
from core.errors import TradeoffError
from core.spec import TaskName
from core.tasks import TASKS, get_task

ROWS = 1_000
EXAMPLES = 5
LONGEST_TEXT = 2_000
SIGNS = {"|": "a bar |", ";": "a semicolon", ",": "a comma", "\n": "a new line", None: "nothing: a cell is one label"}


@dataclass(frozen=True)
class ReadExample:
    """A text as it would be imported, its encoded target, and the target in plain words."""

    text: str
    target: str
    shown: str


@dataclass(frozen=True)
class TaskReading:
    """What the first rows of a file give for a task.

    `why` says why the task was guessed; empty for the others. `problem` says why the file cannot be read for it; None
    when it can. `columns` are the columns by role, `labels` how many texts carry each of the commonest labels.
    """

    task: TaskName
    title: str
    why: str = ""
    problem: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    form: str = ""
    notes: tuple[str, ...] = ()
    examples: tuple[ReadExample, ...] = ()
    labels: dict[str, int] = field(default_factory=dict)


def read_for_each_task(table: Table, told: Told = NOTHING_TOLD) -> list[TaskReading]:
    """What the table gives for every task, the guessed one first, then those that can be read."""
    guessed, why = guess_task(table, told)
    few = replace(table, columns=table.columns.slice(0, ROWS), numbers=list(table.numbers[:ROWS]))
    found = [read_for(few, task, told) for task in TASKS]  # type: ignore[arg-type]
    found = [replace(each, why=why) if each.task == guessed else each for each in found]
    return sorted(found, key=lambda each: (each.task != guessed, each.problem is not None))


def read_for(table: Table, task: TaskName, told: Told = NOTHING_TOLD) -> TaskReading:
    """What the table gives for `task`."""
    title = get_task(task).title
    try:
        layout = find_layout(table, task, told)
        reader = Reader(find_scheme([(table, layout)]) if layout.form == "tags" else None)
        rows = reader.read(table, layout)
    except TradeoffError as error:
        return TaskReading(task, title, problem=str(error))
    targets = [target for _, target in rows if target is not None]
    examples = _examples(task, [(text, target) for text, target in rows if target is not None])
    labels = dict(Counter(label_counts(task, targets)).most_common(20))
    lacking = None if labels else f"No {'spans' if get_task(task).has_spans else 'labels'} were found"
    return TaskReading(
        task, title, problem=lacking, columns={str(role): name for role, name in layout.roles.items()},
        form=FORMS[layout.form], notes=tuple(_notes(layout, reader)), examples=examples, labels=labels,
    )  # fmt: skip


def _examples(task: TaskName, rows: list[tuple[str, str]]) -> tuple[ReadExample, ...]:
    """The first examples, those that have a target before those that have none."""
    found = get_task(task)
    telling = [row for row in rows if found.label_set([row[1]])]
    chosen = [*telling, *(row for row in rows if row not in telling[:EXAMPLES])][:EXAMPLES]
    return tuple(ReadExample(text[:LONGEST_TEXT], target, found.shown(target, text)) for text, target in chosen)


def _notes(layout: Layout, reader: Reader) -> list[str]:
    notes = []
    if reader.scheme:
        notes.append(f"The tags follow {SCHEMES[reader.scheme]}.")
    if layout.form == "separated":
        sign = SIGNS.get(layout.separator, f"“{layout.separator}”")
        notes.append(f"Between the labels of a text stands {sign}.")
    if layout.form == "indicators":
        notes.append(
            f"{len(layout.indicators)} columns hold 0 and 1, a label each: {', '.join(layout.indicators[:8])}."
        )
    if layout.marked_text:
        notes.append("Marks such as [time : five am] are taken out of the texts.")
    if reader.unreadable:
        notes.append(f"Of the first rows {len(reader.unreadable):,} cannot be read and would be left out.")
    return [*notes, *mended_sentences(reader.mended)]
