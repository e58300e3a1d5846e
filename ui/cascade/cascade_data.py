"""What the Cascade page computes, kept until a run, a price or an assumption changes."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.analysis.cascade_choice import CascadeFound
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.data.dataset import DatasetInfo
from core.findings.cascade_answers import Terms
from core.findings.cascade_suggestions import Suggestion, suggestions
from core.findings.cascades import CascadeCheap, CascadeQuestion, cascade_of
from core.preferences import load as load_preferences
from ui import data
from ui.session import home


def found_of(
    info: DatasetInfo, rows: Sequence[CandidateRow], scenario: Scenario, question: CascadeQuestion
) -> CascadeFound:  # fmt: skip
    """The cascade that is asked for.

    Raises:
        TradeoffError: see `core.findings.cascades.cascade_of`.
    """
    wanted = [row for row in rows if row.candidate in question.stages]
    return _found(_key(wanted, scenario), info.name, question, rows, scenario)


def suggestions_of(rows: Sequence[CandidateRow], scenario: Scenario, cheap: CascadeCheap) -> list[Suggestion]:
    """Pairs worth a look."""
    return _suggested(_key(rows, scenario), cheap, rows, scenario)


def _key(rows: Sequence[CandidateRow], scenario: Scenario) -> tuple[Any, ...]:
    """What the figures depend on: runs, metric, prices and assumptions."""
    of = tuple(map(data.identity, rows))
    return str(home().root), of, load_preferences(home()).model_dump_json(), scenario.model_dump_json()


@st.cache_data(max_entries=24, show_spinner=False)
def _found(
    key: tuple[Any, ...], dataset: str, question: CascadeQuestion, _rows: Sequence[CandidateRow], _scenario: Scenario
) -> CascadeFound:  # fmt: skip
    del key
    return cascade_of(home(), dataset, _rows, Terms.of(load_preferences(home()), _scenario), question)


@st.cache_data(max_entries=12, show_spinner=False)
def _suggested(
    key: tuple[Any, ...], cheap: CascadeCheap, _rows: Sequence[CandidateRow], _scenario: Scenario
) -> list[Suggestion]:  # fmt: skip
    del key
    return suggestions(home(), _rows, Terms.of(load_preferences(home()), _scenario), cheap)
