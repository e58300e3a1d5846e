"""Asking language models: prompt styles, demonstrations, and the engine that scores or generates answers."""
