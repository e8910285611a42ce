"""What is said of how far earlier forecasts of repeat buying were off."""

import pandas as pd

from churnlib.findings.wording import counted, spell
from churnlib.formats import interval, text
from churnlib.models.purchases.choice import MIN_ORIGINS, PurchaseModelChoice
from churnlib.models.purchases.value import YEAR_WEEKS
from churnlib.results.told import Finding
from churnlib.statistics.rules import MIN_N

__all__ = ["say_backtest", "say_calibration", "say_how_far", "say_tracking"]


GUESSES = {
    "naive rate": "that everybody keeps buying as often as so far",
    "last period": "that the next {weeks} bring what the last {weeks} did",
}
"""What each baseline says."""


def say_backtest(choice: PurchaseModelChoice) -> Finding:
    """How far earlier forecasts were off, and which forecast is told."""
    if not choice.origins:
        return Finding(sentence=f"No earlier forecast could be scored. {choice.reason}")
    seen = interval(choice.error_low, choice.error_high, "+percent")
    off = text(choice.mean_absolute_error, "percent")
    weeks = spell(choice.horizon, "week")
    if choice.one_sided:
        seen = f"{seen}, every one too {choice.one_sided}"
    held = round(choice.coverage * choice.origins)
    told = f"{counted(choice.origins, 'earlier forecast')} over {weeks}: "
    if choice.forecast == choice.model:
        end = f"{held} of {choice.origins} predictive ranges held what happened."
        sentence = f"{told}off by {off} on average ({seen}); {end}"
    else:
        guess = GUESSES[choice.forecast].format(weeks=weeks)
        model = text(choice.model_error, "percent")
        sentence = (
            f"{told}{choice.model} was off by {model} on average, the plain guess {guess} by {off} "
            f"({seen}). The guess is used for the total, the model for who buys."
        )
    if choice.origins < MIN_ORIGINS:
        sentence = f"{sentence} Fewer than {MIN_ORIGINS} are too few to judge by."
    return Finding(
        sentence=sentence, n=choice.origins, low=choice.error_low, high=choice.error_high
    )


def say_how_far(choice: PurchaseModelChoice) -> Finding:
    """What the range of a forecast is made of, and what it assumes."""
    if not choice.origins:
        untried = "No earlier forecast could be held against what came."
        return Finding(
            sentence=f"Range, 95 %: what parameters and luck allow if the model is right. {untried}"
        )
    sides = ""
    if choice.biased:
        sides = f", on the side on which they erred: they were all too {choice.biased}"
    in_money = ""
    if choice.money_spread:
        in_money = (
            " Of money: how far the same forecasts were off, each purchase taken at what a repeat "
            "purchase had brought by then; on both sides."
        )
    return Finding(
        sentence=(
            "Range, 95 %: the larger of two: what parameters and luck allow if the model is right, "
            f"and how far the earlier forecasts over {spell(choice.horizon, 'week')} were off, "
            f"scaled to {spell(YEAR_WEEKS, 'week')} by the square root of time{sides}.{in_money}"
        )
    )


def say_tracking(rows: pd.DataFrame) -> Finding:
    """The forecast for the weeks held out against what happened.

    Not the totals since the first week: the model was fitted to most of these, so that they agree
    in any case.
    """
    ahead = rows[rows["held_out"].astype(bool)]
    expected, happened = ahead["predicted"].sum(min_count=1), ahead["actual"].sum()
    if pd.isna(expected) or not happened:
        return Finding(sentence="The forecast could not be tracked.")
    off = text(expected / happened - 1, "+percent")
    return Finding(
        sentence=(
            f"In the {spell(len(ahead), 'week')} held out the model expected "
            f"{counted(expected, 'repeat purchase')} and {text(happened, 'count')} happened "
            f"({off})."
        ),
        n=happened,
    )


def say_calibration(rows: pd.DataFrame) -> Finding:
    """Where predictions by past frequency were furthest off."""
    known = rows[(rows["customers"] >= MIN_N) & rows["predicted"].notna()]
    if known.empty:
        return Finding(sentence="Too few customers to compare predictions by past frequency.")
    row = known.loc[(known["predicted"] - known["actual"]).abs().idxmax()]
    return Finding(
        sentence=(
            "By past repeat purchases, the forecast was furthest off for customers with "
            f"{row.frequency}: {text(row.predicted, 'number.2')} purchases expected and "
            f"{text(row.actual, 'number.2')} made, on average."
        ),
        n=row.customers,
    )
