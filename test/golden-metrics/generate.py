"""Metrics of scikit-learn for outputs and targets of classes, labels and numbers, as test/golden-metrics.test.ts needs
them. Run it in the top folder of the repository:

    python3 test/golden-metrics/generate.py > test/golden-metrics/metrics.json
    npx biome format --write test/golden-metrics

The committed file was made with scikit-learn 1.9.1, NumPy 2.4.6, Python 3.11.7. Outputs are multiples of 1/4: they are
exact in float32, and many are equal.
"""

import json
import platform
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

warnings.simplefilter("ignore")  # scikit-learn warns of ratios that are 0/0
random = np.random.RandomState(1)


def outputs(samples, columns):
    return random.randint(0, 8, (samples, columns)) / 8 + 0.0625 * (np.arange(columns) == 0)


def ratios(actual, predicted, **options):
    precision, recall, f1, _ = m.precision_recall_fscore_support(actual, predicted, zero_division=0, **options)
    return {"precision": precision, "recall": recall, "f1": f1}


def each(actual, predicted, count):
    p, r, f, s = m.precision_recall_fscore_support(actual, predicted, zero_division=0, labels=range(count))
    return [{"precision": p[k], "recall": r[k], "f1": f[k], "support": int(s[k])} for k in range(count)]


def report(matrix):
    matrix = np.array(matrix)
    pairs = [(i, j) for i in range(len(matrix)) for j in range(len(matrix)) for _ in range(matrix[i, j])]
    actual, predicted = np.array(pairs).T
    assert (m.confusion_matrix(actual, predicted, labels=range(len(matrix))) == matrix).all()
    return {
        "confusion": matrix.tolist(),
        "classes": each(actual, predicted, len(matrix)),
        "accuracy": m.accuracy_score(actual, predicted),
        "macro": ratios(actual, predicted, average="macro"),
        "weighted": ratios(actual, predicted, average="weighted"),
    }


def classes(samples, count):
    # no row has equal outputs, because scikit-learn would choose another of them
    a = np.array([random.permutation(count) for _ in range(samples)]) / 8
    y = random.randint(0, count, samples)
    rows = np.eye(count)[y]
    return {
        "outputs": count,
        "a": a.ravel().tolist(),
        "y": y.tolist(),
        "accuracy": m.accuracy_score(y, a.argmax(axis=1)),
        "confusion": m.confusion_matrix(y, a.argmax(axis=1), labels=range(count)).tolist(),
        "topK": {k: m.top_k_accuracy_score(y, a, k=k, labels=range(count)) for k in range(1, count)},
        "rocAuc": m.roc_auc_score(rows, a, average="macro"),
    }


def two(samples, threshold):
    a = outputs(samples, 1).ravel()
    y = random.randint(0, 2, samples)
    return {
        "threshold": threshold,
        "a": a.tolist(),
        "y": y.tolist(),
        "accuracy": m.accuracy_score(y, a > threshold),
        "confusion": m.confusion_matrix(y, a > threshold).tolist(),
        "rocAuc": m.roc_auc_score(y, a),
    }


def labels(samples, count, thresholds):
    a = outputs(samples, count)
    y = (random.uniform(size=(samples, count)) < np.linspace(0.1, 0.7, count)).astype(int)
    y[:, -1] = 0
    a[:, -1] = 0
    predicted = (a > np.array(thresholds)).astype(int)
    p, r, f, s = m.precision_recall_fscore_support(y, predicted, zero_division=0)
    areas = [m.roc_auc_score(y[:, k], a[:, k]) for k in range(count - 1)]
    return {
        "outputs": count,
        "thresholds": thresholds,
        "a": a.ravel().tolist(),
        "y": y.ravel().tolist(),
        "exactMatch": m.accuracy_score(y, predicted),
        "labelAccuracy": 1 - m.hamming_loss(y, predicted),
        "microF1": m.f1_score(y, predicted, average="micro"),
        "macroF1": m.f1_score(y, predicted, average="macro", zero_division=0),
        "byLabel": [
            {"precision": p[k], "recall": r[k], "f1": f[k], "support": int(s[k]), "predicted": int(predicted[:, k].sum())}
            for k in range(count)
        ],
        "rocAuc": float(np.mean(areas)),
    }


def numbers(samples, count):
    a = outputs(samples, count) + 100
    y = a + random.randint(-8, 8, (samples, count)) / 16
    y[:, -1] = 100
    raw = {"multioutput": "raw_values"}
    by = zip(m.mean_absolute_error(y, a, **raw), m.mean_squared_error(y, a, **raw), m.r2_score(y, a, **raw))
    return {
        "outputs": count,
        "a": a.ravel().tolist(),
        "y": y.ravel().tolist(),
        "meanAbsoluteError": m.mean_absolute_error(y, a),
        "meanSquaredError": m.mean_squared_error(y, a),
        "r2": m.r2_score(y, a),
        "byOutput": [{"meanAbsoluteError": e, "meanSquaredError": s, "r2": r} for e, s, r in by],
    }


golden = {
    "versions": {"sklearn": sklearn.__version__, "numpy": np.__version__, "python": platform.python_version()},
    # the first matrix is that of the support vector machine in scikit-learn's own test of classification_report
    "reports": [report([[19, 4, 1], [4, 3, 24], [0, 2, 18]]), report([[5, 0, 1, 0], [2, 0, 3, 0], [0, 0, 7, 1], [0, 0, 0, 0]])],
    "classes": [classes(61, 3), classes(40, 7)],
    "two": [two(50, 0.5), two(50, 0.25)],
    "labels": [labels(47, 4, [0.5] * 4), labels(80, 6, [0.25, 0.5, 0.125, 0.75, 0.5, 0.5])],
    "numbers": [numbers(33, 3), numbers(20, 2)],
}
print(json.dumps(golden, indent=1, default=float))
