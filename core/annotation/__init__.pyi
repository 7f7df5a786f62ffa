from .curve import TradeOff as TradeOff
from .curve import trade_off as trade_off
from .propagation import Proposal as Proposal
from .propagation import lq_knn as lq_knn
from .propagation import propagate as propagate
from .standard import std_knn as std_knn
from .study_labels import to_changeset as to_changeset
from .study_labels import without_given as without_given
