"""Tiny models are fastest on one thread, above all when other processes work beside the tests."""

import torch

torch.set_num_threads(1)
