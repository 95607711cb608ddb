"""scikit-learn's MLP with its defaults, after StandardScaler, OneHotEncoder and SimpleImputer, for bench/models.ts.

Dates are numbers: milliseconds since 1970.

Prints `ready VERSION`, and answers each line `fit FILE` with `MILLISECONDS SCORE`: the time of fitting the whole
pipeline, and the accuracy or R2 on the rows for the test.
"""

import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# its default of 200 iterations is often not enough to converge
warnings.filterwarnings("ignore", category=ConvergenceWarning)


def read(part: dict, columns: list, target: str) -> tuple:
    rows = zip(*(part[name] for name in columns))
    x = np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=object)
    return x, np.array(part[target])


print(f"ready scikit-learn {sklearn.__version__}", flush=True)
for line in sys.stdin:
    job = json.load(open(line.split()[1]))
    kinds, target = job["kinds"], job["target"]
    numbers = [i for i, kind in enumerate(kinds.values()) if kind in ("number", "date")]
    categories = [i for i, kind in enumerate(kinds.values()) if kind == "category"]
    x, y = read(job["training"], list(kinds), target)
    test_x, test_y = read(job["test"], list(kinds), target)
    encoder = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (
                "categories",
                make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
                categories,
            ),
        ]
    )
    network = (MLPClassifier if job["task"] == "classes" else MLPRegressor)(random_state=job["seed"])
    model = make_pipeline(encoder, network)
    start = time.perf_counter()
    model.fit(x, y)
    elapsed = time.perf_counter() - start
    print(1000 * elapsed, model.score(test_x, test_y), flush=True)
