"""How the work goes, computed from the journal (O3): the four DORA numbers, flow, cost.

Promises: pure folds over recorded facts; nothing is counted beside the journal, so that the same
journal and window always give the same numbers. docs/metrics.md defines each of them.
"""

from bot.metrics.measure import metrics
from bot.metrics.shapes import Metrics

__all__ = ["Metrics", "metrics"]
