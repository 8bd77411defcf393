"""An event-exact simulation of small networks: the independent truth for the replay."""
