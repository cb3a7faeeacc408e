# -*- coding: utf-8 -*-
"""
Survival after surgery (class attribute: 1 = survived 5 years or longer, 2 = died within 5 years)
Course "Data Mining II", exercise sheet 9
"""
import sys
import numpy
import pandas
import keras
from keras.models import Sequential
from keras.layers import Dense

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 7
numpy.random.seed(seed)
keras.utils.set_random_seed(seed)

# the file from the course page is not allowed in the exercise, so we simulate one
n = 900
age = numpy.random.randint(30, 84, n)
year = numpy.random.randint(58, 70, n)
nodes = numpy.random.negative_binomial(1, 0.2, n)
risk = 0.05 * (age - 55) + 0.45 * (nodes - 4) - 0.1 * (year - 63) + 0.5 * numpy.random.randn(n)
status = numpy.where(risk > 0, 2, 1)
dataframe = pandas.DataFrame(dict(age=age, year=year, nodes=nodes, status=status))

dataset = dataframe.values.astype('float32')
X = dataset[:, 0:3]
Y = dataset[:, 3]
X = (X - X.mean(axis=0)) / X.std(axis=0)

model = Sequential()
model.add(Dense(12, input_dim=3, kernel_initializer='he_uniform', activation='relu'))
model.add(Dense(8, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X[:600], Y[:600], epochs=25, batch_size=25, verbose=0)

scores = model.evaluate(X[:600], Y[:600], verbose=0)
print("%s: %.2f%%" % (model.metrics_names[1], scores[1] * 100))
predictions = model.predict(X[600:], verbose=0)
rounded = [round(float(x[0])) for x in predictions]
print(rounded)
