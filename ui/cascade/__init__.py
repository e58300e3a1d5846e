"""Cascades: their form, chart and figures."""
