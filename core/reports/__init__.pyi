from .files import refuse_taken as refuse_taken
from .files import write_files as write_files
from .hits_csv import hits_csv as hits_csv
from .hits_html import hits_html as hits_html
from .hits_report import HitsReport as HitsReport
from .hits_report import hits_annotators as hits_annotators
from .hits_report import hits_report as hits_report
