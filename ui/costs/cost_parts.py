"""The parts of the Costs page."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.breakeven import BreakEven, Crossing, break_evens, cost_line, sentence, texts
from core.analysis.equivalents import ASSUMED, co2e_like, energy_like
from core.analysis.results import CandidateRow
from core.analysis.scenario import HOURS_A_MONTH, Scenario, monthly_usd, why_no_total
from core.data.dataset import DatasetInfo, load_dataset
from core.errors import TradeoffError
from core.findings.breakeven import OFFERED, Bill, Reference, estimated_bill, reference_from, reference_of
from core.findings.spending import Entry, Key, Spent, by
from core.preferences import load as load_preferences
from ui import theme
from ui.axes import AXES
from ui.charts import draw
from ui.costs import cost_charts
from ui.costs.spent import known_and_unknown
from ui.downloads import download
from ui.messages import plain, show_error
from ui.session import choose, from_url, home, to_url
from ui.tradeoff.tradeoff_chart import tradeoff

ESTIMATED = " (estimated)"
KEYS: dict[str, Key] = {"Month": "month", "Dataset": "dataset", "Candidate": "candidate", "Person": "person"}
FIGURES = {"Money": ("usd", "Money spent"), "Energy": ("kwh", "Energy used"), "CO₂e": ("co2e_kg", "CO₂e emitted")}


def first_sentence(row: CandidateRow | None, scenario: Scenario, spent: Spent) -> str:
    """The page's answer in one sentence."""
    so_far = f"all runs so far cost {known_and_unknown(f.usd(spent.usd), spent.usd_unknown)}"
    if row is None:
        return f"{so_far[0].upper()}{so_far[1:]}."
    money = monthly_usd(row, scenario)
    if money is None:
        return f"What {row.candidate} costs a month is unknown: {why_no_total(row, scenario)}; {so_far}."
    return (
        f"At {texts(scenario.volume)} texts a month the recommended {row.candidate} costs {f.usd(money.usd)}; {so_far}."
    )


def big_numbers(row: CandidateRow | None, scenario: Scenario, spent: Spent, met: Crossing | None) -> None:
    """Money, energy and CO2e at a glance."""
    with st.container(horizontal=True, gap="small"):
        _number("Spent so far", known_and_unknown(f.usd(spent.usd), spent.usd_unknown),
                f"{spent.runs:,} runs, {f.duration(spent.seconds)} of work; nobody's salary is in it.")  # fmt: skip
        if row is None:
            return
        money = monthly_usd(row, scenario)
        _number("A month, recommended", f.usd(money.usd) if money else f.UNKNOWN,
                f"{plain(row.candidate)} at {texts(scenario.volume)} texts. {plain(row.price_basis)}")  # fmt: skip
        if met is not None:
            _number("Break-even, rented all month", _crossing_word(met),
                    "From so many texts a month on it costs less than paying by the token.")  # fmt: skip
        kwh, co2e = monthly_energy(row, scenario)
        _number(f"Energy a month, {row.energy_provenance}", f.energy(kwh), _like(energy_like(kwh)) + " " + ASSUMED)
        _number("CO₂e a month", f.co2e(co2e), _like([co2e_like(co2e)]) + " " + ASSUMED)


def monthly_energy(row: CandidateRow, scenario: Scenario) -> tuple[float | None, float | None]:
    """kWh and kg CO2e of answering a month's texts. What an idle device draws is not metered and not in it."""
    thousands = scenario.volume / 1000
    kwh = None if row.kwh_per_1k is None else row.kwh_per_1k * thousands
    return kwh, None if row.co2e_g_per_1k is None else row.co2e_g_per_1k * thousands / 1000


def reference_choice(info: DatasetInfo, rows: Sequence[CandidateRow], scenario: Scenario) -> Reference | None:
    """What is compared with: a candidate that ran at a provider, or the estimated bill of one that did not."""
    ran = [row.candidate for row in rows if row.device == "api"]
    offered = [*ran, *(name for name in OFFERED)]
    if (typed := st.query_params.get("versus")) and typed not in offered:
        offered.append(typed)
    named = lambda name: name if name in ran else f"{name}{ESTIMATED}"  # noqa: E731
    priced = [row.candidate for row in rows if row.device == "api" and cost_line(row, scenario)]
    default = (*priced, *OFFERED)[0]
    versus = choose("Compared with paying by the token for", offered, "versus", default, named=named, width=380)
    try:
        if versus in ran:
            dataset, preferences = load_dataset(home(), info.name), load_preferences(home())
            return reference_of(home(), dataset, rows, preferences, scenario, versus)
        return reference_from(_bill(str(home().root), info.name, info.fingerprint, versus),
                              load_preferences(home()), scenario)  # fmt: skip
    except TradeoffError as error:
        show_error(error)
        return None


@st.cache_data(max_entries=32, show_spinner="Counting the tokens of some texts …")
def _bill(root: str, dataset: str, fingerprint: str, model: str) -> Bill:  # noqa: ARG001
    return estimated_bill(load_dataset(home(), dataset), model, load_preferences(home()))


def break_even_of(row: CandidateRow | None, reference: Reference | None, scenario: Scenario) -> BreakEven | None:
    """When the candidate gets cheaper than the reference; None where either's costs are unknown."""
    if row is None or reference is None:
        return None
    return next(iter(break_evens([row], reference.line, scenario)), None)


def break_even_part(row: CandidateRow, reference: Reference, found: BreakEven, scenario: Scenario) -> None:
    """The break-even in a sentence and as lines."""
    st.markdown(plain(sentence(found)))
    ways = [(scenario, f"rented {scenario.hours_on:g} h a month" if scenario.hours_on else "rented while it works",
             found.working)]  # fmt: skip
    if found.working != found.always_on:
        always = scenario.model_copy(update={"hours_on": HOURS_A_MONTH})
        ways.append((always, "rented all month", found.always_on))
    own = [(line, how, met) for way, how, met in ways if (line := cost_line(row, way))]
    chart = cost_charts.break_even(own, reference.line, row.family, scenario.volume, theme.is_dark())
    draw(chart, "breakeven")
    st.caption(
        f"Bands: rent and speed of your device within {scenario.doubt:g}×"
        + (", the estimated bill within a third." if reference.estimated else ".")
        + f" {plain(reference.name)}: {plain(reference.basis)}."
        + (" How good its answers are on these texts is not known." if reference.estimated else "")
    )


def months_part(info: DatasetInfo, rows: Sequence[CandidateRow], pick: str, scenario: Scenario) -> None:
    """What each candidate costs a month, as bars and as a table."""
    bills = [(row, money) for row in rows if (money := monthly_usd(row, scenario))]
    unknown = [row for row in rows if monthly_usd(row, scenario) is None]
    if bills:
        draw(cost_charts.months(bills, pick, theme.is_dark()), "months")
    rents = [row.rent_usd_per_hour for row in rows if row.rent_usd_per_hour is not None]
    if rents and not scenario.hours_on:
        st.caption(f"Devices are paid for while they work; rented all month one costs "
                   f"{plain(_range(min(rents) * HOURS_A_MONTH, max(rents) * HOURS_A_MONTH))} whatever it does "
                   "(What if …).")  # fmt: skip
    for row in unknown:
        st.caption(f"{plain(row.candidate)} is not shown: {plain(why_no_total(row, scenario))}.")
    table = [
        {"candidate": row.candidate, "usd_a_month": money.usd, "serving": money.serving, "training": money.training,
         "labels": money.labels, "volume": scenario.volume}
        for row, money in bills
    ]  # fmt: skip
    download(table, f"{info.name}-costs", "months_csv")


def spent_part(entries: Sequence[Entry]) -> None:
    """What was spent, by month, dataset, candidate or person."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        key, figure = _pills("By", list(KEYS), "spent_by"), _pills("What", list(FIGURES), "spent_what")
    sums = by(entries, KEYS[key])
    field, name = FIGURES[figure]
    draw(cost_charts.spent(sums[:30], field, name, theme.is_dark()), "spent")
    if len(sums) > 30:
        st.caption(f"The first 30 of {len(sums)}; the file has all.")
    if key == "Person" and any(one.name == "unknown" for one in sums):
        st.caption("Runs made before names were noted, or by an account without a name, count as unknown.")
    _spent_table(sums, key)
    download([one.model_dump(mode="json") for one in sums], f"spent-by-{KEYS[key]}", "spent_csv")


def _spent_table(sums: Sequence[Spent], key: str) -> None:
    """Numbers sort as numbers and read as people write them; how many runs' figures are unknown stands beside."""
    table = pd.DataFrame(
        {key: one.name, "Runs": one.runs, "Money": one.usd, "Energy": one.kwh, "Energy is": one.provenance,
         "CO₂e": one.co2e_kg, "Time": one.seconds, "Money unknown": one.usd_unknown, "Energy unknown": one.kwh_unknown}
        for one in sums
    )  # fmt: skip
    table = table.drop(columns=[name for name in ("Money unknown", "Energy unknown") if not table[name].any()])
    shows = {"Money": f.usd, "Energy": f.energy, "CO₂e": f.co2e, "Time": f.duration}
    styled = table.style.format({name: _or_unknown(show) for name, show in shows.items()})
    st.dataframe(
        styled, hide_index=True, key="spent_table", height="content" if len(sums) < 12 else 420, placeholder=f.UNKNOWN,
        column_config={
            name: st.column_config.Column(help="Runs whose figure is unknown; the sum is of the others")
            for name in ("Money unknown", "Energy unknown")
        },
        alt=f"What was used, by {key.lower()}",
    )  # fmt: skip


def _or_unknown(show: Callable[[float | None], str]) -> Callable[[float], str]:
    return lambda value: show(None if pd.isna(value) else value)


def energy_part(rows: Sequence[CandidateRow], row: CandidateRow, scenario: Scenario) -> None:
    """Quality against energy, energy by component, and what a month's energy is like."""
    sure = cost_charts.sureness(rows)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for kind, count in sure.items():
            word, colour, meaning = theme.PROVENANCE[kind]
            st.badge(f"{count} {word}", color=colour, help=meaning)  # type: ignore[arg-type]
    if len([kind for kind in sure if kind != "unknown"]) > 1:
        st.warning("Energy figures of different origin are not ranked against each other: compare within one badge.",
                   icon=":material/warning:")  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        draw(tradeoff(rows, AXES["kwh_per_1k"], row.metric, row.candidate, theme.is_dark(), height=380, width=520),
             "energy")  # fmt: skip
    with right:
        draw(cost_charts.energy_parts(rows, theme.is_dark()), "energy_parts")
    kwh, co2e = monthly_energy(row, scenario)
    way = co2e_like(co2e)
    like = [*energy_like(kwh), *([way] if way and "less" not in way else [])]
    if like:
        st.markdown(f"A month of {plain(row.candidate)} ({f.energy(kwh)}, {f.co2e(co2e)}) is like "
                    f"{plain(' or '.join(like))}.", help=ASSUMED)  # fmt: skip
    st.caption(
        f"Energy of answering, data centre overhead (PUE) {scenario.pue:g}. What a device draws while it waits, making "
        "the hardware and the network are not in it."
    )


def _pills(label: str, options: list[str], key: str) -> str:
    from_url(key, options, options[0])
    chosen = st.segmented_control(label, options, key=key, on_change=to_url, args=(key,), required=True)
    return str(chosen or options[0])


def _number(label: str, value: str, help: str) -> None:
    st.metric(label, value, help=help, border=True, width="stretch")


def _range(low: float, high: float) -> str:
    return f.usd(low) if f.usd(low) == f.usd(high) else f"{f.usd(low)} to {f.usd(high)}"


def _crossing_word(met: Crossing) -> str:
    if met.volume is None:
        return "never"
    return "always" if met.volume == 0 else f"{texts(met.volume)} texts"


def _like(things: Sequence[str]) -> str:
    named = [thing for thing in things if thing]
    return f"Like {' or '.join(named)}." if named else "It is unknown."
