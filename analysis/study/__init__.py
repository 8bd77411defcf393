"""Studies: networks x weights x theory in one report; the demo."""
