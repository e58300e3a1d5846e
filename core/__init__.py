"""The product without a screen: data, methods, runs, metering and analysis.

Importing `core` never imports torch, streamlit, plotly, duckdb or `store`. torch is imported only by the
method modules, which run in child processes.
"""
