"""Pictures of tables, and of learned circuits.

Every function returns a matplotlib `Figure` with a canvas of its own: neither pyplot nor the back end that the caller
has chosen is touched. Nothing is computed here that is not needed to place ink.
"""

from sbmlgrn.plots.circuit import circuit_design as circuit_design
from sbmlgrn.plots.circuit import draw_circuit as draw_circuit
from sbmlgrn.plots.circuit import draw_growth as draw_growth
from sbmlgrn.plots.circuit import draw_ladder as draw_ladder
from sbmlgrn.plots.ensemble import ensemble as ensemble
from sbmlgrn.plots.frequency_design import frequency_design as frequency_design
from sbmlgrn.plots.frequency_tuning import frequency_tuning as frequency_tuning
from sbmlgrn.plots.style import PALETTE as PALETTE
from sbmlgrn.plots.time_course import time_course as time_course
from sbmlgrn.plots.time_course_fit import time_course_fit as time_course_fit
