from heavytail_snn.analysis.toolbox.distances import SpikeTrainDistances as SpikeTrainDistances
from heavytail_snn.analysis.toolbox.distances import spike_train_distances as spike_train_distances
from heavytail_snn.analysis.toolbox.events import spike_contrast as spike_contrast
from heavytail_snn.analysis.toolbox.events import synchronous_events as synchronous_events
from heavytail_snn.analysis.toolbox.spectra import ElephantSpectrum as ElephantSpectrum
from heavytail_snn.analysis.toolbox.spectra import elephant_spectrum as elephant_spectrum
from heavytail_snn.analysis.toolbox.surrogates import dithered as dithered
from heavytail_snn.analysis.toolbox.tiling import spike_time_tiling as spike_time_tiling
