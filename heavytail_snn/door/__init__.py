"""The one safe door for files of strangers: what is opened, how much is read, what is believed."""
