"""The SBML Test Suite: its cases, its rule of acceptance, and what sbmlgrn makes of them.

Source: https://sbml.org/software/sbml-test-suite, version 3.4.
"""

from sbmlgrn.suite.acceptance import Verdict as Verdict
from sbmlgrn.suite.acceptance import WorstPoint as WorstPoint
from sbmlgrn.suite.acceptance import accept as accept
from sbmlgrn.suite.case import Case as Case
from sbmlgrn.suite.case import Settings as Settings
from sbmlgrn.suite.case import SuiteError as SuiteError
from sbmlgrn.suite.case import list_cases as list_cases
from sbmlgrn.suite.case import load_case as load_case
from sbmlgrn.suite.peer import run_case_in_roadrunner as run_case_in_roadrunner
from sbmlgrn.suite.report import CaseResult as CaseResult
from sbmlgrn.suite.report import CaseStatus as CaseStatus
from sbmlgrn.suite.results import Results as Results
from sbmlgrn.suite.run import run_suite as run_suite
from sbmlgrn.suite.simulate import DeclinedError as DeclinedError
from sbmlgrn.suite.simulate import SimulationError as SimulationError
from sbmlgrn.suite.simulate import run_case as run_case
from sbmlgrn.suite.stochastic import Moments as Moments
from sbmlgrn.suite.stochastic import accept_moments as accept_moments
from sbmlgrn.suite.stochastic import run_stochastic_case as run_stochastic_case
from sbmlgrn.suite.support import support_page as support_page
