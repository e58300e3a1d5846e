"""What a run used, phase by phase, with how each figure came about."""

import streamlit as st

from core import format as f
from core.findings.results import pricing
from core.metering.usage import Usage
from core.preferences import load as load_preferences
from ui import charts, theme
from ui.data import Run
from ui.session import home

PHASES = {"fit": "Fitting", "predict": "Answering in batches", "latency": "One text at a time"}


def usage_section(run: Run) -> None:
    """A card a phase, then how long single texts took."""
    usage = run.summary.usage
    if not usage:
        st.info("Nothing was metered in this run.", icon=":material/info:")
        return
    price = pricing(load_preferences(home()))
    with st.grid(min_column_width=300, gap="medium"):
        for phase, title in PHASES.items():
            if phase in usage and not (phase == "latency" and usage[phase].device == "api"):
                _phase_card(title, usage[phase], price(usage[phase], run.summary.spec.candidate.model))
    singles = usage["latency"].latency_ms if "latency" in usage else ()
    if singles:
        st.markdown("#### How long one text takes")
        p50, p95 = percentile(singles, 0.5), percentile(singles, 0.95)
        charts.draw(charts.latency(singles, p50, p95, theme.is_dark()), "latency")


def _phase_card(title: str, usage: Usage, price: object) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"#### {title}")
        usd, basis = getattr(price, "usd", None), getattr(price, "basis", "")
        facts = {
            "Texts": f.number(usage.texts),
            "Time": f.duration(usage.wall_seconds),
            "Processor time": f.duration(usage.cpu_seconds),
            "Texts a second": f.number(usage.texts / usage.wall_seconds) if usage.wall_seconds and usage.texts else "–",
            "Energy": f.energy(usage.kwh),
            "CO₂e": f.co2e(usage.co2e_kg),
            "Cost": f.usd(usd).replace("$", "\\$"),
            "Tokens read": f.number(usage.tokens.input),
            **({"… of them cached": f.number(usage.tokens.cached)} if usage.tokens.cached else {}),
            "Tokens written": f.number(usage.tokens.output),
            **({"Tokens of hidden reasoning": f.number(usage.tokens.reasoning)} if usage.tokens.reasoning else {}),
            "Peak memory": f.memory(usage.peak_ram_bytes),
            **({"Peak GPU memory": f.memory(usage.peak_gpu_bytes)} if usage.peak_gpu_bytes else {}),
            "Device": usage.device_name or usage.device,
        }
        st.table(facts, border="horizontal")
        with st.container(horizontal=True, gap="xsmall"):
            for part, energy in usage.energy.items():
                word, colour, meaning = theme.PROVENANCE[energy.provenance]
                amount = f.energy_range(energy.kwh, energy.low_kwh, energy.high_kwh)
                st.badge(f"{part.upper()} {amount}, {word}", color=colour, help=meaning)  # type: ignore[arg-type]
            for flag in usage.flags:
                st.badge(flag, color="yellow", icon=":material/warning:", help=flag)
        grid = f"CO₂e: {usage.grid_source}" if usage.grid_source else ""
        if usage.grid_g_per_kwh is not None:
            grid = f"{usage.grid_g_per_kwh:g} g CO₂e a kWh ({usage.grid_source})"
        again = f"{usage.attempts} attempts together." if usage.attempts > 1 else ""
        st.caption("  \n".join(part.replace("$", "\\$") for part in (basis, grid, again) if part))


def percentile(values: tuple[float, ...], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
