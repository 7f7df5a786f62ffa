from .hits import Criteria as Criteria
from .hits import Hit as Hit
from .hits import detect_hits as detect_hits
from .makers import EVENT_MAKERS as EVENT_MAKERS
from .makers import MadeEvent as MadeEvent
from .makers import make_events as make_events
from .symbols import AAMI as AAMI
from .symbols import BEAT_SYMBOLS as BEAT_SYMBOLS
