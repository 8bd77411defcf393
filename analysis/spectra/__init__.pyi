from heavytail_snn.analysis.spectra.cross import CrossSpectrum as CrossSpectrum
from heavytail_snn.analysis.spectra.cross import cross_spectrum as cross_spectrum
from heavytail_snn.analysis.spectra.power import PowerSpectrum as PowerSpectrum
from heavytail_snn.analysis.spectra.power import power_spectrum as power_spectrum
from heavytail_snn.analysis.spectra.statistics import SpikeStatistics as SpikeStatistics
from heavytail_snn.analysis.spectra.statistics import spike_statistics as spike_statistics
