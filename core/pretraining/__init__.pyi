from .autoencoder import Autoencoder as Autoencoder
from .autoencoder import train_autoencoder as train_autoencoder
from .objectives import OBJECTIVES as OBJECTIVES
from .run import run_features as run_features
