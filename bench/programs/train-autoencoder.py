# The same network on as many rows by scikit-learn: rows are both what is given and what is wanted.
import sys
import numpy
from sklearn.neural_network import MLPRegressor

rows, columns, epochs = (int(word) for word in sys.argv[1:4])
data = numpy.random.RandomState(1).normal(size=(rows, columns)).astype(numpy.float32)
model = MLPRegressor(
    hidden_layer_sizes=(64, 32, 16, 32, 64),
    activation="tanh",
    batch_size=512,
    learning_rate_init=0.003,
    max_iter=epochs,
    n_iter_no_change=epochs,
    random_state=1,
)
model.fit(data, data)
print(model.loss_)
