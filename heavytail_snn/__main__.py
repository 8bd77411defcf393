"""``python -m heavytail_snn``: the command line without an installed script."""

from heavytail_snn.cli.main import main

if __name__ == "__main__":
    main()
