from .cnn2d import CNN2d as CNN2d
from .cnn_transformer import CNNTransformer as CNNTransformer
from .registry import MODELS as MODELS
from .registry import ModelEntry as ModelEntry
from .registry import Preset as Preset
from .registry import build as build
from .registry import count_parameters as count_parameters
from .registry import options_of as options_of
