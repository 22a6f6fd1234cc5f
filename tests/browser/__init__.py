"""Real Chromium: the journeys of each role, axe on every page, keyboard only, JavaScript off."""
