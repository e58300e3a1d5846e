"""How the examples of a task stand in a table: which columns, and in which form the targets are written."""

from dataclasses import dataclass, field, replace

from core.data import columns
from core.data.columns import Mapped, Role
from core.data.formats.table import Table
from core.data.forms import labels
from core.data.signs import (
    OFTEN_MARKED,
    Form,
    filled_cells,
    indicator_columns,
    is_indicator,
    is_words,
    marked_share,
    replace_columns,
    sample_of,
    share_of,
    span_columns,
    span_form,
)
from core.errors import TradeoffError
from core.spec import TaskName


@dataclass(frozen=True)
class Told:
    """What the user says about columns and forms; the rest is guessed.

    `indicators` are columns of 0 and 1, a label each. `separator` stands between labels in a cell. `tag_names` are
    the tags in the order of their numbers, for files that hold numbers.
    """

    text: str | None = None
    label: str | None = None
    split: str | None = None
    id: str | None = None
    tokens: str | None = None
    tags: str | None = None
    intent: str | None = None
    separator: str | None = None
    indicators: tuple[str, ...] = ()
    tag_names: tuple[str, ...] = ()

    def roles(self, table: Table, task: TaskName) -> dict[Role, str]:
        """The columns told for roles of the task, by role.

        `label` is what people call the intents of intent_slots, and the tags of token_labels.

        Raises:
            TradeoffError: a column does not exist, or one was chosen twice.
        """
        found: dict[Role, str] = {}
        for role in columns.ROLES_OF[task]:
            name = getattr(self, role)
            if name is None and self.label is not None:
                name = self.label if (task, role) in (("token_labels", "tags"), ("intent_slots", "intent")) else None
            if name:
                found[role] = columns.resolve(table.names, name)
        if len(set(found.values())) < len(found) and not (found.get("text") == found.get("tags")):
            raise TradeoffError("One column was chosen twice", table.reading.filename, "Choose a column for each role.")
        return found


NOTHING_TOLD = Told()


@dataclass(frozen=True)
class Layout:
    """Where and how examples stand. `guessed` are the roles that were guessed from content, not told or known by name.

    Of the form `inline` the column `tags` holds the marked texts, and `text`, if any, the same texts without marks.
    """

    task: TaskName
    form: Form
    roles: dict[Role, str]
    guessed: tuple[Role, ...] = ()
    indicators: tuple[str, ...] = ()
    separator: str | None = None
    tag_names: tuple[str, ...] = ()
    marked_text: bool = False
    """Whether the texts of a task without spans hold marks that have to go."""
    told: Told = field(default=NOTHING_TOLD, repr=False)


def find_layout(table: Table, task: TaskName, told: Told = NOTHING_TOLD) -> Layout:
    """How the examples of `task` stand in the table: as told, the rest guessed.

    Raises:
        TradeoffError: a told column does not exist, or where texts or targets stand cannot be guessed.
    """
    find = {"single_label": _single, "multi_label": _multi, "token_labels": _spans, "intent_slots": _spans}[task]
    return replace(find(table, task, told), told=told, tag_names=told.tag_names)


def _single(table: Table, task: TaskName, told: Told) -> Layout:
    mapped = columns.choose(table, told.text, told.label or told.intent, told.split, told.id)
    roles = {role: name for role in columns.ROLES if (name := getattr(mapped, role)) is not None}
    marked = _holds_marks(table, mapped)
    if marked and told.text is None:
        plain = [name for name in columns.by_name("text", table.names) if name not in (mapped.text, mapped.label)]
        marked, roles["text"] = not plain, (plain or [mapped.text])[0]
    return Layout(task, "label", roles, mapped.guessed, marked_text=marked)


def _holds_marks(table: Table, mapped: Mapped) -> bool:
    """Whether the texts were made for intents and slots: brackets alone can be the texts' own."""
    named = "annot" in mapped.text.lower() or mapped.label in columns.by_name("intent", [mapped.label])
    return named and marked_share(table, mapped.text) >= OFTEN_MARKED


def _multi(table: Table, task: TaskName, told: Told) -> Layout:
    named = tuple(columns.resolve(table.names, name) for name in told.indicators)
    label = told.label or next(columns.by_name("label", table.names), None)
    if not named and told.label is None and (label is None or is_indicator(table, label)):
        named = indicator_columns(table, tuple(filter(None, (told.text, told.split, told.id))))
    if named:
        rest = replace_columns(table, [name for name in table.names if name not in named])
        found = columns.guess(rest, told.roles(table, task))
        found.pop("label", None)
        if "text" not in found:
            raise _unclear(table, "text")
        return Layout(task, "indicators", found, _guessed(found, told), named)
    mapped = columns.choose(table, told.text, label, told.split, told.id)
    roles = {role: name for role in columns.ROLES if (name := getattr(mapped, role)) is not None}
    if told.separator:
        return Layout(task, "separated", roles, mapped.guessed, separator=told.separator)
    cells = sample_of(table, mapped.label)
    if cells and sum(labels.label_list(cell) is not None for cell in cells) > 0.9 * len(cells):
        if labels.are_flags(cells):
            raise TradeoffError(
                f'The lists in the column "{mapped.label}" are zeros and ones, without the names of the labels',
                table.reading.filename, "Write lists of the labels' names, or a column of 0 and 1 for each label.",
            )  # fmt: skip
        return Layout(task, "list", roles, mapped.guessed)
    return Layout(
        task, "separated", roles, mapped.guessed, separator=labels.separator_of(filled_cells(table, mapped.label))
    )


def _spans(table: Table, task: TaskName, told: Told) -> Layout:
    found = told.roles(table, task)
    tags = found.get("tags")
    form = span_form(table, tags) if tags else None
    if tags is None:
        if found.get("text") and "tokens" not in found and marked_share(table, found["text"]) > 0:
            tags, form = found.pop("text"), "inline"
        else:
            tags, form = next(span_columns(table, found), (None, None))
    if tags is None or form is None:
        raise _no_spans(table, tags)
    found["tags"] = tags
    if form == "inline" and found.get("text") == tags:
        del found["text"]
    free = [name for name in table.names if name not in found.values()]
    if form == "tags" and "tokens" not in found:
        tokens = next((name for name in columns.by_name("tokens", free) if share_of(table, name, is_words) > 0.9), None)
        if tokens:
            found["tokens"] = tokens
    if task == "intent_slots" and "intent" not in found:
        intent = next(columns.by_name("intent", free), None) or next(columns.by_name("label", free), None)
        found |= {"intent": intent} if intent else {}
    if task == "intent_slots" and "intent" not in found:
        raise _unclear(table, "intent")
    return _with_text(table, task, form, found, told)


def _with_text(table: Table, task: TaskName, form: Form, found: dict[Role, str], told: Told) -> Layout:
    """The layout once the text, split and id columns are found too; tokens and marked texts can do without a text."""
    free = [name for name in table.names if name not in found.values()]
    known: dict[Role, str] = {role: name for role, name in found.items() if role in ("text", "split", "id")}
    can_do_without = form == "inline" or "tokens" in found
    if can_do_without and "text" not in known:
        # Only a column that is called so: what looks like texts can be anything.
        known["text"] = next(columns.by_name("text", free), "")
    others = columns.guess(replace_columns(table, free), known) if free else {}
    if others.get("text") or known.get("text"):
        found["text"] = others.get("text") or known["text"]
    for role in ("split", "id"):
        if role in others and others[role] not in found.values():
            found[role] = others[role]  # type: ignore[index]
    if "text" not in found and not can_do_without:
        raise _unclear(table, "text")
    return Layout(task, form, {role: found[role] for role in columns.ROLES_OF[task] if role in found},
                  _guessed(found, told))  # fmt: skip


def _guessed(found: dict[Role, str], told: Told) -> tuple[Role, ...]:
    """The roles whose column was neither told nor known by its name."""
    return tuple(
        role for role, name in found.items()
        if getattr(told, role) is None and name not in columns.by_name(role, [name])
    )  # fmt: skip


def _unclear(table: Table, role: str) -> TradeoffError:
    return TradeoffError(
        f"It is not clear which column holds the {role}s", table.reading.filename,
        f"Choose the {role} column (--{role} on the command line): {', '.join(table.names[:15])}.",
    )  # fmt: skip


def _no_spans(table: Table, tags: str | None) -> TradeoffError:
    what = f'The column "{tags}" holds no spans' if tags else "It is not clear which column holds the spans"
    return TradeoffError(
        what, table.reading.filename,
        "Choose a column of tags word by word, of [start, end, label] or of texts with [label : words] "
        f"(--tags on the command line): {', '.join(table.names[:15])}.",
    )  # fmt: skip
