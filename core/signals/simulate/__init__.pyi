from .emboli import Embolus as Embolus
from .emboli import hbr_of_echo as hbr_of_echo
from .flow import REGIMES as REGIMES
from .flow import Regime as Regime
from .tcd import Truth as Truth
from .tcd import tcd as tcd
from .wav import write_simulated_wav as write_simulated_wav
