"""How the examples of a task stand in a table: which columns, and in which form the targets are written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from core.data import columns
from core.data.columns import Mapped, Role
from core.data.formats.table import Table
from core.data.forms import inline, labels
from core.data.forms.spans import spans_in
from core.data.forms.tokens import is_whole, listed, words_of
from core.errors import TradeoffError
from core.spec import TaskName

Form = Literal["label", "separated", "list", "indicators", "tags", "spans", "inline"]
FORMS: dict[Form, str] = {
    "label": "a label for each text",
    "separated": "labels with a sign between them",
    "list": "a list of labels for each text",
    "indicators": "a column of 0 and 1 for each label",
    "tags": "a tag for each word",
    "spans": "spans by their first and last character",
    "inline": "spans marked in the text, as in [time : five am]",
}
SAMPLE = 300
MARKED_SHARE = 0.05
"""Marked texts of a column whose name says that it holds them; of another column more, since texts have brackets."""
OFTEN_MARKED = 0.25


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
    if not named and told.label is None and (label is None or _is_indicator(table, label)):
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
    cells = _sample(table, mapped.label)
    if cells and sum(labels.label_list(cell) is not None for cell in cells) > 0.9 * len(cells):
        if labels.are_flags(cells):
            raise TradeoffError(
                f'The lists in the column "{mapped.label}" are zeros and ones, without the names of the labels',
                table.reading.filename, "Write lists of the labels' names, or a column of 0 and 1 for each label.",
            )  # fmt: skip
        return Layout(task, "list", roles, mapped.guessed)
    return Layout(task, "separated", roles, mapped.guessed, separator=labels.separator_of(_filled(table, mapped.label)))


def _spans(table: Table, task: TaskName, told: Told) -> Layout:
    found = told.roles(table, task)
    tags = found.get("tags")
    form = span_form(table, tags) if tags else None
    if tags is None:
        if found.get("text") and "tokens" not in found and marked_share(table, found["text"]) > 0:
            tags, form = found.pop("text"), "inline"
        else:
            tags, form = next(_span_columns(table, found), (None, None))
    if tags is None or form is None:
        raise _no_spans(table, tags)
    found["tags"] = tags
    if form == "inline" and found.get("text") == tags:
        del found["text"]
    free = [name for name in table.names if name not in found.values()]
    if form == "tags" and "tokens" not in found:
        tokens = next((name for name in columns.by_name("tokens", free) if _share(table, name, _is_words) > 0.9), None)
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


def span_form(table: Table, name: str) -> Form | None:
    """The form in which a column holds spans, or None when it holds none."""
    cells = [cell for cell in _sample(table, name) if cell not in ("[]", "{}")]
    if not cells:
        return None
    checks: tuple[tuple[Form, Callable[[str], bool]], ...] = (("tags", _is_tags), ("spans", _is_spans))
    for form, fits in checks:
        if sum(fits(cell) for cell in cells) > 0.9 * len(cells):
            return form
    return "inline" if marked_share(table, name) > 0 else None


def marked_share(table: Table, name: str) -> float:
    """The share of a column's cells, among its first, that have a span marked in them."""
    cells = _sample(table, name)
    return sum(map(inline.is_marked, cells)) / max(1, len(cells))


def indicator_columns(table: Table, taken: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns that hold nothing but 0 and 1 (or true and false); none unless there are two."""
    found = tuple(name for name in table.names if name not in taken and _is_indicator(table, name))
    return found if len(found) > 1 else ()


def replace_columns(table: Table, names: Sequence[str]) -> Table:
    """The table with some of its columns."""
    return replace(table, columns=table.columns.select(list(names)))


def _is_indicator(table: Table, name: str) -> bool:
    values = {cell.strip().lower() for cell in _filled(table, name)}
    return bool(values) and (values <= {"0", "1"} or values <= {"true", "false"} or values <= {"0.0", "1.0"})


def _span_columns(table: Table, found: Mapping[Role, str]) -> Iterator[tuple[str, Form]]:
    """The columns that hold spans and their forms, the likeliest first."""
    free = [name for name in table.names if name not in found.values()]
    told = [name for role in ("tokens", "text") if (name := found.get(role))]  # type: ignore[call-overload]
    beside = told or [*columns.by_name("tokens", free), *columns.by_name("text", free)]
    for name in columns.by_name("tags", free):
        form = span_form(table, name)
        if form == "inline" and marked_share(table, name) < MARKED_SHARE:
            continue
        # Numbers can be anything beside a text: they are tags only beside tokens.
        near = beside if told or not _are_numbers(table, name) else [*columns.by_name("tokens", free)]
        if form and (form != "tags" or any(_as_many(table, name, other) for other in near if other != name)):
            yield name, form
    for name in free:
        if marked_share(table, name) >= (MARKED_SHARE if "annot" in name.lower() else OFTEN_MARKED):
            yield name, "inline"


def _as_many(table: Table, tags: str, words: str) -> bool:
    """Whether two columns hold equally many tags and words in nearly every row."""
    pairs = [
        (words_of(row[tags]), words_of(row[words]))
        for row in table.columns.select([tags, words]).slice(0, SAMPLE).to_pylist() if row[tags] and row[words]
    ]  # fmt: skip
    same = sum(one is not None and other is not None and len(one) == len(other) for one, other in pairs)
    return bool(pairs) and same > 0.9 * len(pairs)


def _is_tags(cell: str) -> bool:
    found = listed(cell)
    if found is None:
        parts = cell.split()
        return (
            bool(parts)
            and not cell.startswith("[")
            and all(part == "O" or part[:2] in ("B-", "I-", "E-", "S-", "L-", "U-") for part in parts)
        )
    return all(isinstance(item, str) or is_whole(item) for item in found)


def _are_numbers(table: Table, name: str) -> bool:
    cells = [listed(cell) for cell in _sample(table, name)]
    return all(found is not None and all(map(is_whole, found)) for found in cells)


def _is_spans(cell: str) -> bool:
    return spans_in(cell) is not None


def _is_words(cell: str) -> bool:
    found = listed(cell)
    return not cell.startswith("[") if found is None else all(not isinstance(item, list | dict) for item in found)


def _share(table: Table, name: str, fits: Callable[[str], bool]) -> float:
    cells = _sample(table, name)
    return sum(map(fits, cells)) / max(1, len(cells))


def _sample(table: Table, name: str) -> list[str]:
    return _filled(table, name)[:SAMPLE]


def _filled(table: Table, name: str) -> list[str]:
    return [cell.strip() for cell in columns.first_cells(table, name)]


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
