"""What a fit or a design asks of a simulated time course. Knows neither networks nor optimisers."""

from sbmlgrn.objectives.crossings import period_by_crossings as period_by_crossings
from sbmlgrn.objectives.frequency import dominant_frequency as dominant_frequency
from sbmlgrn.objectives.frequency import frequency_loss as frequency_loss
from sbmlgrn.objectives.frequency import log_frequency_residual as log_frequency_residual
from sbmlgrn.objectives.frequency import power_spectrum as power_spectrum
from sbmlgrn.objectives.frequency import spectral_peak as spectral_peak
from sbmlgrn.objectives.likelihood import Likelihood as Likelihood
from sbmlgrn.objectives.likelihood import Measured as Measured
from sbmlgrn.objectives.likelihood import NoiseError as NoiseError
from sbmlgrn.objectives.likelihood import likelihood as likelihood
from sbmlgrn.objectives.oscillation import Oscillation as Oscillation
from sbmlgrn.objectives.oscillation import diagnose_oscillation as diagnose_oscillation
from sbmlgrn.objectives.stochastic import DistributionMatch as DistributionMatch
from sbmlgrn.objectives.stochastic import Functional as Functional
from sbmlgrn.objectives.stochastic import MeanSpectrum as MeanSpectrum
from sbmlgrn.objectives.stochastic import Moments as Moments
from sbmlgrn.objectives.stochastic import TimeAverage as TimeAverage
from sbmlgrn.objectives.stochastic import mean_at as mean_at
