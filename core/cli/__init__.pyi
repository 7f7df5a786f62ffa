from .demo import DEMO as DEMO
from .demo import accept_best_propagation as accept_best_propagation
from .demo import create_demo_study as create_demo_study
from .main import main as main
