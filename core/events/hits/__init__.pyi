from .criteria import Criteria as Criteria
from .criteria import Hit as Hit
from .criteria import Hits as Hits
from .detecting import Tally as Tally
from .detecting import detect_hits as detect_hits
from .detecting import find_hits as find_hits
from .maker import hits_of as hits_of
from .streaming import HitStream as HitStream
