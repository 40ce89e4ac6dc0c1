"""Networks and measurements: what `sbmlgrn.fit` fits."""

from sbmlgrn.calibrate.choose import Bounds as Bounds
from sbmlgrn.calibrate.data import Column as Column
from sbmlgrn.calibrate.data import Condition as Condition
from sbmlgrn.calibrate.data import DataError as DataError
from sbmlgrn.calibrate.data import TimeCourses as TimeCourses
from sbmlgrn.calibrate.data import as_time_courses as as_time_courses
from sbmlgrn.calibrate.data import read_time_courses as read_time_courses
from sbmlgrn.calibrate.problem import TimeCourseProblem as TimeCourseProblem
from sbmlgrn.calibrate.problem import time_courses as time_courses
from sbmlgrn.calibrate.summary import SymbolFit as SymbolFit
from sbmlgrn.calibrate.summary import fitted_courses as fitted_courses
from sbmlgrn.calibrate.summary import measurement_table as measurement_table
from sbmlgrn.calibrate.summary import symbol_fits as symbol_fits
