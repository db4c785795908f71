"""Plots as SVG and the page that holds them: no script, no font, no picture from elsewhere."""
