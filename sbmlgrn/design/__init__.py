"""Retune a network: change its parameters until its behaviour is the one asked for."""

from sbmlgrn.design.frequency import design_frequency as design_frequency
from sbmlgrn.design.result import FrequencyDesign as FrequencyDesign
from sbmlgrn.design.result import Spectrum as Spectrum
from sbmlgrn.design.result import TimeCourse as TimeCourse
from sbmlgrn.design.spec import DesignError as DesignError
from sbmlgrn.design.spec import FrequencySpec as FrequencySpec
from sbmlgrn.design.spec import NotOscillatingError as NotOscillatingError
from sbmlgrn.design.stochastic import FrequencyTuning as FrequencyTuning
from sbmlgrn.design.stochastic import TuningSpec as TuningSpec
from sbmlgrn.design.stochastic import free_rates as free_rates
from sbmlgrn.design.stochastic import tune_frequency as tune_frequency
