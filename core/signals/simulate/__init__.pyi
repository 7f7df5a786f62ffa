from .emboli import Embolus as Embolus
from .flow import REGIMES as REGIMES
from .flow import Regime as Regime
from .tcd import Truth as Truth
from .tcd import tcd as tcd
from .wav import write_simulated_wav as write_simulated_wav
