"""Sweeps without a server: spaces, draws, trials, agents."""
