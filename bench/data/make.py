"""Writes the data sets of scikit-learn that the benchmarks of tables use as CSV: python3 make.py NAME ...

Numbers are written with the fewest digits that give the same double. Classes are written with their names.
"""
import csv
import sys
from pathlib import Path

from sklearn import datasets

HERE = Path(__file__).parent

# the loader, its options, and the name of the column that is learnt
SETS = {
    "iris": (datasets.load_iris, {}, "species"),
    "wine": (datasets.load_wine, {}, "cultivar"),
    "breast-cancer": (datasets.load_breast_cancer, {}, "diagnosis"),
    "digits": (datasets.load_digits, {}, "digit"),
    "diabetes": (datasets.load_diabetes, {"scaled": False}, "progression"),
}


def text(value):
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


for name in sys.argv[1:]:
    load, options, target = SETS[name]
    data = load(**options)
    classes = getattr(data, "target_names", None)
    with open(HERE / f"{name}.csv", "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*data.feature_names, target])
        for x, y in zip(data.data, data.target):
            rows.writerow([*map(text, x), text(y) if classes is None else classes[y]])
