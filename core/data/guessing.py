"""Which task a file was made for, judged by its columns."""

from core.data import columns
from core.data.formats.table import Table
from core.data.forms import labels
from core.data.layout import NOTHING_TOLD, Layout, Told, find_layout
from core.data.signs import FORMS, indicator_columns
from core.errors import TradeoffError
from core.spec import TaskName


def guess_task(table: Table, told: Told = NOTHING_TOLD) -> tuple[TaskName, str]:
    """The likeliest task and why, in words; single_label when nothing speaks for another.

    Raises:
        TradeoffError: a told column does not exist.
    """
    for name in (told.text, told.label, told.split, told.id, told.tokens, told.tags, told.intent, *told.indicators):
        if name:
            columns.resolve(table.names, name)
    spans = _layout(table, "token_labels", told)
    if spans is not None and not _own_brackets(table, spans, told):
        intent = told.intent or next(columns.by_name("intent", table.names), None)
        why = f'the column "{spans.roles["tags"]}" holds {FORMS[spans.form]}'
        if intent and intent not in spans.roles.values():
            return "intent_slots", f'{why}, and "{intent}" an intent'
        return "token_labels", why
    if told.tags or told.tokens:
        return ("intent_slots" if told.intent else "token_labels"), "columns of words or tags were named"
    if told.separator or told.indicators:
        return "multi_label", "a sign between labels, or columns of labels, were named"
    several = _several_labels(table, told)
    return ("multi_label", several) if several else ("single_label", "each text has one label")


def _own_brackets(table: Table, spans: Layout, told: Told) -> bool:
    """Whether what looks like marks are rather the brackets of texts that have a label, as in [user: hello]."""
    if spans.form != "inline" or told.intent or next(columns.by_name("intent", table.names), None):
        return False
    name = spans.roles["tags"]
    return "annot" not in name.lower() and next(columns.by_name("label", table.names), name) != name


def _layout(table: Table, task: TaskName, told: Told) -> Layout | None:
    try:
        return find_layout(table, task, told)
    except TradeoffError:
        return None


def _several_labels(table: Table, told: Told) -> str | None:
    """Why the texts seem to have any number of labels, or None when they do not."""
    layout = _layout(table, "multi_label", told)
    if layout is None:
        return None
    if layout.form == "indicators":
        known = next(columns.by_name("label", table.names), None)
        if known is not None and known not in indicator_columns(table):
            return None
        return f"{len(layout.indicators)} columns hold 0 and 1"
    name = layout.roles["label"]
    if layout.form == "list":
        return f'the column "{name}" holds lists of labels'
    cells = columns.first_cells(table, name)
    if layout.separator and labels.surely_joined(cells, layout.separator):
        return f'labels in the column "{name}" are parted by {labels.SPOKEN.get(layout.separator, layout.separator)}'
    return None
