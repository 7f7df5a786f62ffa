from .lq_knn import Proposal as Proposal
from .lq_knn import lq_knn as lq_knn
from .lq_knn import propagate as propagate
from .std_knn import std_knn as std_knn
from .study_labels import class_numbers as class_numbers
from .study_labels import to_changeset as to_changeset
from .trade_off import TradeOff as TradeOff
from .trade_off import trade_off as trade_off
