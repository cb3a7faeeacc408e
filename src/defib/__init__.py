"""defib: your network predicts the same thing for every row; find out why, try the fix, prove it."""

__version__ = "0.1.0"
