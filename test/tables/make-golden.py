"""Encodes penguins.csv with scikit-learn and writes golden-penguins.json, which test/tables-encoder.test.ts compares.

    python3 test/tables/make-golden.py && npx biome format --write test/tables    (Debian's python3-sklearn; the file was made with scikit-learn 1.2.1)
"""
import csv
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "bench" / "data"
NUMBERS = ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"]
# encoded rows that are written: some with missing values among them
ROWS = list(range(0, 20)) + [256, 268, 271, 272, 336, 339, 343]

with open(DATA / "penguins.csv", newline="") as file:
    records = list(csv.DictReader(file))
numbers = np.array([[float(r[name]) if r[name] else np.nan for name in NUMBERS] for r in records])
island = np.array([[r["Island"]] for r in records])
species = np.array([[r["Species"]] for r in records])
sex = np.array([[r["Sex"] if r["Sex"] not in ("", ".") else "missing"] for r in records])


def scaled(strategy):
    filled = SimpleImputer(strategy=strategy).fit_transform(numbers)
    return StandardScaler().fit_transform(filled)


marks = np.isnan(numbers).astype(float)
one_hot = OneHotEncoder(sparse_output=False)
ordinal = make_pipeline(OrdinalEncoder(), StandardScaler())
# 52 of the 344 penguins live on Torgersen: it is rare; an island that is not there is one of the rare ones
rare = OneHotEncoder(sparse_output=False, min_frequency=100, handle_unknown="infrequent_if_exist").fit(island)

golden = {
    "sklearn": sklearn.__version__,
    "rows": ROWS,
    "median": scaled("median")[ROWS].tolist(),
    "mean": scaled("mean")[ROWS].tolist(),
    "marks": marks[ROWS].tolist(),
    "island": one_hot.fit_transform(island)[ROWS].tolist(),
    # FEMALE, MALE, missing
    "sex": one_hot.fit_transform(sex)[ROWS].tolist(),
    "speciesOrdinal": ordinal.fit_transform(species)[ROWS].tolist(),
    "rareIsland": rare.transform(island)[ROWS].tolist(),
    "unseenIsland": rare.transform([["Elephant"]]).tolist(),
}
(HERE / "golden-penguins.json").write_text(json.dumps(golden) + "\n")
