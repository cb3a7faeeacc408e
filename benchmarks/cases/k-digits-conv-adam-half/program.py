import sys
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import numpy as np, keras
from keras import layers, models
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

X,y=load_digits(return_X_y=True); X=X.reshape(-1,8,8,1)/16; Y=keras.utils.to_categorical(y)
a,b,c,d=train_test_split(X,Y,random_state=0)
i=keras.Input((8,8,1)); x=layers.Conv2D(16,3,activation='relu')(i); x=layers.Flatten()(x); x=layers.Dense(64,activation='relu')(x); o=layers.Dense(10,activation='softmax')(x)
m=keras.Model(i,o); m.compile(keras.optimizers.Adam(0.5),'categorical_crossentropy',metrics=['acc'])
m.fit(a,c,validation_data=(b,d),epochs=4,verbose=0)
print(m.predict(b)[:3])
