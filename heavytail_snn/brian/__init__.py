"""What a Brian2 script needs: functions in strings, synapses, models as Brian2 objects.

Brian2 is imported here, before any file of this folder: at the end of its import it learns our
functions (`heavytail_snn.registration`), and these files must not be half imported then.
"""

import brian2 as brian2
