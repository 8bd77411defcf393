"""What a Brian2 script needs: functions in strings, synapses, models as Brian2 objects."""
