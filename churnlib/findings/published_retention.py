"""Annual customer retention of industries as others have published it: facts with their source, and
no standard. The sources contradict each other, and none states its definition.
"""

from typing import NamedTuple

ARTICLE = "an article of 2023 quoting several surveys"
PADDLE = "paddle.com, 2021-12-13"
ANSWERIQ = "answeriq.com, 2024"


class Published(NamedTuple):
    """One figure, or the two ends of one; `called` where the source's word for the industry is
    another.
    """

    low: float
    high: float
    source: str
    called: str = ""


PUBLISHED = {
    "technology": (
        Published(0.80, 0.90, ARTICLE),
        Published(0.81, 0.81, PADDLE, "IT services"),
        Published(0.81, 0.81, ANSWERIQ, "IT services"),
        Published(0.77, 0.77, ANSWERIQ, "IT and software"),
    ),
    "retail": (Published(0.60, 0.80, ARTICLE), Published(0.63, 0.63, PADDLE)),
    "banking": (
        Published(0.89, 0.89, ARTICLE),
        Published(0.75, 0.75, PADDLE),
        Published(0.75, 0.75, ANSWERIQ),
    ),
    "insurance": (Published(0.83, 0.83, ANSWERIQ),),
    "telecom": (
        Published(0.63, 0.63, ARTICLE),
        Published(0.78, 0.78, PADDLE),
        Published(0.78, 0.78, ANSWERIQ),
    ),
    "media": (Published(0.84, 0.84, ANSWERIQ),),
    "health_care": (Published(0.75, 0.75, ARTICLE), Published(0.77, 0.77, ANSWERIQ)),
    "professional_services": (Published(0.84, 0.84, ANSWERIQ),),
    "hospitality": (Published(0.55, 0.55, ANSWERIQ),),
}
