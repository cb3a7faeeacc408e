import sys
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import numpy as np, keras
from keras import layers, models
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

X,y=load_iris(return_X_y=True)
m=models.Sequential([layers.Dense(10,activation='tanh',kernel_initializer='zeros',input_shape=(4,)),layers.Dense(3,activation='softmax',kernel_initializer='zeros')])
m.compile(loss='sparse_categorical_crossentropy',optimizer='sgd'); m.fit(X,y,epochs=30,verbose=0); print(m.predict(X)[::20])
