"""The columns of results: each is declared once, with type, unit, label and meaning.

From a declaration come the formats, labels and alignment of tables on pages, the columns of a CSV
file, the data package beside it, the documentation and the constant columns of tests.
"""

from dataclasses import dataclass
from typing import Literal

from churnlib.formats import Format

Kind = Literal[
    "count",  # whole things: customers, months
    "share",  # 0 to 1, told in per cent
    "money",  # in the business's currency
    "number",  # any other quantity
    "text",
    "word",  # one of our own words, such as discounted_value: told as "Discounted value"
    "flag",
    "day",
    "period",  # a period's first day, told as its month or quarter
]


@dataclass(frozen=True)
class Column:
    """One column of a result.

    Parameters
    ----------
    name : what the frame calls it
    kind : see `Kind`
    label : what readers see, without the unit
    meaning : one sentence
    unit : of a number: "months", "customers a month"; shares and money have theirs
    denominator : the column that a share rests on; under 30 in it the row is marked as small
    low, high : the columns that hold its range
    csv : what the CSV calls it, where that is another word
    decimals : digits shown; None = the kind's own (0 for money and counts, 1 for the others)
    signed : whether gains show a plus
    optional : whether a frame may lack it
    adds : whether its values add up to a total that means something
    """

    name: str
    kind: Kind
    label: str
    meaning: str
    unit: str = ""
    denominator: str = ""
    low: str = ""
    high: str = ""
    csv: str = ""
    decimals: int | None = None
    signed: bool = False
    optional: bool = False
    adds: bool = False

    @property
    def csv_name(self) -> str:
        """The head of its column in the CSV file."""
        return self.csv or self.name

    def format(self, currency: str = "", grain: str = "month") -> Format:
        """How its values read."""
        decimals = self.decimals
        if self.kind == "share":
            return Format("percent", 1 if decimals is None else decimals, self.signed)
        if self.kind == "money":
            return Format("money", decimals or 0, self.signed, currency)
        if self.kind == "number":
            return Format("number", 1 if decimals is None else decimals, self.signed)
        if self.kind == "count":
            return Format("count", 0, self.signed)
        if self.kind == "period":
            return Format(grain)
        return Format(self.kind if self.kind in ("day", "word") else "text")


SPLIT = (
    Column(
        "segment_column",
        "text",
        "Split by",
        "The column of customers that is split by.",
        optional=True,
    ),
    Column(
        "segment", "text", "Segment", "The value of that column; all = everybody.", optional=True
    ),
)


def rate(
    name: str,
    label: str,
    meaning: str,
    denominator: str,
    *,
    frame: str = "",
    decimals: int | None = None,
) -> tuple[Column, Column, Column]:
    """A share with its two limits. `frame` is what the frame calls it (`rate`, `estimate`): its
    limits are then `low` and `high` there. Where that is `name` too, the CSV says the same.

    Examples
    --------
    >>> survival = rate("survival", "Still there", "S(k).", "at_risk", frame="estimate")
    >>> [one.csv_name for one in survival]
    ['survival', 'survival_low', 'survival_high']
    >>> chance = rate("estimate", "Chance", "Of staying.", "at_risk", frame="estimate")
    >>> [one.csv_name for one in chance]
    ['estimate', 'low', 'high']
    """
    own = frame or name
    low, high = ("low", "high") if frame else (f"{name}_low", f"{name}_high")
    prefix = "" if own == frame == name else f"{name}_"
    told = Column(
        own,
        "share",
        label,
        meaning,
        denominator=denominator,
        low=low,
        high=high,
        csv=name,
        decimals=decimals,
    )
    ends = (
        Column(
            column,
            "share",
            word,
            f"The {end} end of the 95 % range.",
            csv=f"{prefix}{end}",
            decimals=decimals,
        )
        for column, word, end in ((low, "from", "low"), (high, "to", "high"))
    )
    return (told, *ends)


PERIOD_START = Column("period_start", "period", "Period", "The first day of the period.")
TENURE = Column(
    "tenure", "count", "Month of life", "Whole months since the customer's start.", unit="months"
)
AGE = Column("age", "count", "Age", "Whole periods since the cohort's first.", unit="periods")
BILLING = Column(
    "billing",
    "text",
    "Paid by",
    "How often: month, year, ...; all = everybody.",
)
RENEWED = (
    Column("due", "count", "Due", "Customers whose paid term ended.", adds=True),
    Column("renewed", "count", "Renewed", "Of those due, who were still there.", adds=True),
    Column("left", "count", "Left", "Of those due, who were gone.", adds=True),
    *rate("renewal_rate", "Renewal rate", "Renewed ÷ due.", "due"),
)
"""Of results about renewals."""
QUARTER_FROM = Column("period_start", "day", "Quarter from", "The first day of the quarter.")
SCORE_COUNTS = (
    Column("asked", "count", "Asked", "Customers asked in the quarter.", adds=True),
    Column("answered", "count", "Answered", "Answers given in the quarter.", adds=True),
    Column("promoters", "count", "Promoters", "Of them, 9 or 10.", adds=True),
    Column("passives", "count", "Passives", "7 or 8.", adds=True),
    Column("detractors", "count", "Detractors", "0 to 6.", adds=True),
)
SCORE_GROUPS = (
    Column("group", "word", "Group", "promoter, passive or detractor."),
    Column("answers", "count", "Answers", "Ninety days old or older."),
    Column("left", "count", "Left", "Of them, who left within ninety days after it."),
)
"""Of results about surveys."""
