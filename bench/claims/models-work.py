"""The same jobs as models-work.ts by scikit-learn: `models-work.py TABLE TEST RADIUS` prints CPU seconds by job."""
import json
import sys
import time

import numpy
from sklearn.cluster import DBSCAN
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

COLUMNS = 80
SINGLE_ROWS = 10
# The same in models-work.ts: how many rows make up the border, and so how long everything takes, depends on it, and
# what the two choose by themselves differs. 1 / columns is what "scale" comes to for columns of variance 1.
GAMMA = 1 / COLUMNS

table = numpy.fromfile(sys.argv[1], dtype="<f8").reshape(-1, COLUMNS)
test = numpy.fromfile(sys.argv[2], dtype="<f8").reshape(-1, COLUMNS)
radius = float(sys.argv[3])
seconds = {}


def timed(job, work):
    begun = time.process_time()
    result = work()
    seconds[job] = time.process_time() - begun
    return result


forest = timed("isolation forest, fit", lambda: IsolationForest(n_estimators=100, random_state=1).fit(table))
timed("isolation forest, score", lambda: forest.score_samples(test))
timed("isolation forest, one row", lambda: [forest.score_samples(test[row : row + 1]) for row in range(SINGLE_ROWS)])
seconds["isolation forest, one row"] /= SINGLE_ROWS

factor = LocalOutlierFactor(n_neighbors=20, novelty=True)
timed("LOF of 2,048 rows, fit", lambda: factor.fit(table[:2048]))
timed("LOF of 2,048 rows, score", lambda: factor.score_samples(test))
timed("LOF of all rows, fit", lambda: factor.fit(table))
timed("LOF of all rows, score", lambda: factor.score_samples(test[: len(test) // 5]))

timed("DBSCAN", lambda: DBSCAN(eps=radius, min_samples=30).fit(table))

machine = OneClassSVM(nu=0.1, gamma=GAMMA)
timed("one-class SVM of 4,096 rows, fit", lambda: machine.fit(table[:4096]))
timed("one-class SVM of 4,096 rows, score", lambda: machine.score_samples(test))

print(json.dumps(seconds))
