"""Asks SmartNoise SQL how many persons there are by age band and sex, and prints its times beside ours.

Usage: compare.py DIR, where DIR is what the example `latency` keeps: `persons.sqlite` and `ours.json`.

The questions are those of the first kind of `latency`: COUNT(DISTINCT pid), of those of an age from 0, 1, 2, ... on.
Epsilon is 1, the pure form of our rho of 0.5. SmartNoise reads from the SQLite file as we do, and from a data frame, as
its guide has it. Age bands stand in the table, so it need not work them out of birth dates, and it charges no ledger,
logs nothing and speaks to nobody.
"""

import json
import platform
import sqlite3
import statistics
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas
from snsql import Privacy, from_connection, from_df

EPSILON = 1.0
QUERY = (
    "SELECT age_band, sex, COUNT(DISTINCT pid) AS persons FROM main.persons WHERE age >= {} GROUP BY age_band, sex"
)


def metadata(rows: int) -> dict:
    """The table as SmartNoise is told of it: one row a person, and groups that are public."""
    columns = {
        "rows": rows,
        "max_ids": 1,
        "row_privacy": False,
        "censor_dims": False,
        "pid": {"type": "int", "private_id": True},
        "sex": {"type": "string"},
        "age_band": {"type": "string"},
        "age": {"type": "int", "lower": 0, "upper": 120},
    }
    return {"": {"main": {"persons": columns}}}


def times(reader, queries: int, truth: dict) -> list[float]:
    """Seconds for each question, after one that is not counted; the first answer must be near the truth."""
    near = rows(reader.execute(QUERY.format(0)))
    # 60 times the scale of the noise: one in 10^26 is further.
    assert near.keys() == truth.keys(), "other groups"
    assert all(abs(near[key] - truth[key]) <= 60 / EPSILON for key in truth), "another question"
    taken = []
    for age in range(queries):
        began = time.perf_counter()
        reader.execute(QUERY.format(age))
        taken.append(time.perf_counter() - began)
    return taken


def rows(answer: list) -> dict:
    return {(row[0], row[1]): row[2] for row in answer[1:]}


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    ours = json.loads((folder / "ours.json").read_text())
    connection = sqlite3.connect(folder / "persons.sqlite")
    frame = pandas.read_sql_query("SELECT * FROM persons", connection)
    bare = "SELECT age_band, sex, COUNT(DISTINCT pid) FROM persons GROUP BY age_band, sex"
    truth = {(band, sex): count for band, sex, count in connection.execute(bare)}
    described = metadata(len(frame))
    privacy = Privacy(epsilon=EPSILON)
    readers = {
        "SmartNoise SQL over SQLite": from_connection(
            connection, privacy=privacy, metadata=described, engine="sqlite"
        ),
        "SmartNoise SQL over a data frame": from_df(frame, privacy=privacy, metadata=described),
    }
    packages = ["smartnoise-sql", "opendp", "pandas", "numpy"]
    stated = ", ".join(f"{name} {version(name)}" for name in packages)
    print(f"\n{len(frame)} persons by sex and age band, {ours['queries']} queries each, milliseconds (median)")
    print(f"{'ours, asked through the federation':44} {ours['median_ms']:8.1f}")
    for name, reader in readers.items():
        median = statistics.median_low(times(reader, ours["queries"], truth)) * 1_000
        print(f"{name:44} {median:8.1f}   {median / ours['median_ms']:.1f} times ours")
    print(f"Python {platform.python_version()}, {stated}, SQLite {sqlite3.sqlite_version}")


main()
