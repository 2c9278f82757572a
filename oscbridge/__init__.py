"""oscbridge: what a neural network hears, as OSC messages."""

__version__ = "0.1.0"
