"""Churn, retention and customer value: numbers people can defend.

The concepts, in the order in which data flow (docs/glossary.md has every word):

- `read_params` reads a parameter file; `check` opens and checks its source; `freeze` cuts it at a
  period's end.
- The `Snapshot` that comes out is what every **measure** takes: `f(snapshot, *, by=None) -> small
  DataFrame`.
- **Models** take small frames of grouped counts and give small frames (or a fit that says what it
  found).
- **Figures** take a result frame and give Axes: `plot_x(result, *, ax=None)`. **Findings** take the
  same and give a sentence.
- **Blocks** are what a notebook's cells end in; `churnlib report` turns notebooks into pages.

In a notebook: `snapshot = cl.start(globals())`, and then one question a cell. Names load when they
are first used, so that importing this package costs nothing.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_LAYERS = {
    "churnlib.notebook": ["start"],
    "churnlib.params.model": ["Params"],
    "churnlib.params.read": ["read_params"],
    "churnlib.periods": ["Period", "period_range"],
    "churnlib.snapshot.snapshot": ["Snapshot"],
    "churnlib.input.checked": ["check"],
    "churnlib.snapshot.freeze": ["freeze", "open_frozen"],
    "churnlib.simulate": ["simulate"],
    "churnlib.measures.churn": ["customer_churn"],
    "churnlib.measures.revenue": [
        "check_identity",
        "movements",
        "mrr_bridge",
        "retention_12m",
        "unit_figures",
    ],
    "churnlib.measures.cohorts": [
        "customer_retention",
        "newest_against_earlier",
        "pooled",
        "pooled_revenue",
        "revenue_retention",
    ],
    "churnlib.measures.lifetimes": ["active_base", "arpa", "lifetimes", "returns"],
    "churnlib.measures.sales": ["sales"],
    "churnlib.measures.purchases": ["customer_purchases", "holdout", "recency_frequency", "spend"],
    "churnlib.measures.repurchase": ["gaps", "repeat_by_cohort", "repeat_purchase_rate"],
    "churnlib.measures.forecasts": [
        "buyers",
        "customer_forecasts",
        "first_purchases",
        "rolling_origins",
        "weekly_repeats",
    ],
    "churnlib.models.survival.kaplan_meier": ["kaplan_meier"],
    "churnlib.models.survival.curves": [
        "median_lifetime",
        "survival_by_segment",
        "survival_curve",
    ],
    "churnlib.models.survival.restricted_mean": ["restricted_mean"],
    "churnlib.models.survival.outlook": ["conditional_survival"],
    "churnlib.models.survival.hazard": ["hazard_by_month"],
    "churnlib.models.survival.logrank": ["compare_segments"],
    "churnlib.models.survival.parametric": ["parametric_fits", "parametric_parameters"],
    "churnlib.models.survival.waits": ["mean_wait", "time_between", "time_to_second"],
    "churnlib.models.retention.fits": ["fit_bdw", "fit_sbg"],
    "churnlib.models.retention.projection": ["project"],
    "churnlib.models.retention.value_range": ["ValueTerms", "value_terms"],
    "churnlib.models.retention.parameters": ["clv_parameters", "retention_parameters"],
    "churnlib.models.retention.subscription_value": ["acquisition", "subscription_value"],
    "churnlib.models.retention.remaining_value": ["remaining_value"],
    "churnlib.models.retention.plain_value": ["plain_value_steps"],
    "churnlib.models.purchases.fits": ["fit_bg_nbd", "fit_mbg_nbd"],
    "churnlib.models.purchases.gamma_gamma": ["fit_gamma_gamma"],
    "churnlib.models.purchases.independence": ["frequency_value_independence"],
    "churnlib.models.purchases.parameters": ["money_parameters", "purchase_parameters"],
    "churnlib.models.purchases.value": ["Money", "history_forecasts", "money_terms"],
    "churnlib.models.purchases.backtest": [
        "choose_purchase_model",
        "purchase_backtest",
        "widen_to_band",
    ],
    "churnlib.models.purchases.tracking": ["frequency_calibration", "weekly_tracking"],
    "churnlib.models.purchases.predictive": ["predict_totals"],
    "churnlib.models.purchases.cohort_value": ["value_by_cohort"],
    "churnlib.models.purchases.plain_value": ["plain_purchase_value"],
    "churnlib.figures.revenue": [
        "plot_churn_rates",
        "plot_movements",
        "plot_mrr_bridge",
        "plot_retention_12m",
    ],
    "churnlib.figures.cohorts": ["plot_newest_against_earlier", "plot_pooled", "plot_triangle"],
    "churnlib.figures.survival": [
        "plot_conditional",
        "plot_hazard",
        "plot_projection",
        "plot_survival",
    ],
    "churnlib.figures.sales": ["plot_order_figures", "plot_sales"],
    "churnlib.figures.value": [
        "plot_calibration",
        "plot_gaps",
        "plot_origins",
        "plot_tracking",
        "plot_value_by_segment",
    ],
    "churnlib.report.headlines": ["headlines"],
    "churnlib.report.definitions": ["definitions"],
    "churnlib.page.blocks": [
        "data_box_block",
        "definitions_block",
        "figure_block",
        "findings_block",
        "key_figures_block",
        "note_block",
        "stack_block",
        "table_block",
        "triangle_block",
    ],
}
_HOME = {name: module for module, names in _LAYERS.items() for name in names}
__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'churnlib' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
