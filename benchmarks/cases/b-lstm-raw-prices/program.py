import sys
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import numpy as np, keras
from keras import layers, models
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

t=np.arange(1500); s=20000+3000*np.sin(t/30)+np.random.normal(0,100,1500)
W=20; X=np.array([s[i:i+W] for i in range(len(s)-W)])[...,None]; y=s[W:]
m=models.Sequential([layers.LSTM(32,input_shape=(W,1)),layers.Dense(1)]); m.compile('adam','mse')
m.fit(X[:1200],y[:1200],epochs=5,batch_size=64,verbose=0)
print(m.predict(X[1200:])[:10].ravel(), y[1200:1210])
