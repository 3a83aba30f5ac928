"""How promising a company is, by those of its people who are most engaged.

Whole points: the company's fit, the mean engagement of its three most engaged people, and some for each who is engaged,
together at most 100. Only the companies whose people changed need to be asked about: none depends on another.
"""

from dataclasses import dataclass

import polars as pl

MOST_ENGAGED = 3


@dataclass(frozen=True, slots=True)
class CompanyScoring:
    """Who is engaged has an engagement of at least `engaged`, and gives `per_person` points up to `most`."""

    engaged: int = 20
    per_person: int = 5
    most: int = 20


def company_scores(how: CompanyScoring, people: pl.DataFrame) -> pl.DataFrame:
    """company, score, fit, engagement, engaged (a number of people), lead (the most engaged), in order of companies.

    `people` have company (any key, never null), lead, fit and engagement (whole points), all people of each company
    that is asked about. The fit of a company is the best of its people, since it is a fact about all of them. The
    order of rows does not matter: of people who are engaged alike the first lead counts.
    """
    engagement = pl.col("engagement").clip(lower_bound=0)
    top = engagement.head(MOST_ENGAGED)
    return (
        people.lazy()
        .sort(["company", "engagement", "lead"], descending=[False, True, False])
        .group_by("company", maintain_order=True)
        .agg(
            pl.col("fit").max().clip(lower_bound=0),
            (top.sum() // top.len()).cast(pl.Int64).alias("engagement"),
            (pl.col("engagement") >= how.engaged).sum().cast(pl.Int64).alias("engaged"),
            pl.col("lead").first(),
        )
        .with_columns(several=(pl.col("engaged") * how.per_person).clip(upper_bound=how.most))
        .select(
            "company",
            (pl.col("fit") + pl.col("engagement") + pl.col("several")).clip(upper_bound=100).alias("score"),
            "fit", "engagement", "engaged", "lead",
        )
        .collect()
    )  # fmt: skip
