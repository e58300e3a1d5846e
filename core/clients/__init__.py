"""Asking models that a provider or a server runs: endpoints, requests with retries, what was paid, and spending caps.

Light: `openai` is imported only when something is sent.
"""
