from .build import MODELS as MODELS
from .build import PRESETS as PRESETS
from .build import build as build
from .build import count_parameters as count_parameters
from .cnn2d import CNN2d as CNN2d
from .cnn_transformer import CNNTransformer as CNNTransformer
