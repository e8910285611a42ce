"""Churn, retention and customer value.

The concepts are in docs/glossary.md.
"""

__version__ = "0.1.0"
