"""The HTML report in its real reader: headless Chromium."""
