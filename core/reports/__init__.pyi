from .files import write_files as write_files
from .hits_benchmark import curves_svg as curves_svg
from .hits_benchmark import detection_page as detection_page
from .hits_numbers import HitsReport as HitsReport
from .hits_numbers import hits_annotators as hits_annotators
from .hits_numbers import hits_report as hits_report
from .hits_page import hits_html as hits_html
from .hits_table import hits_csv as hits_csv
