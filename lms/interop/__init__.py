"""Speaking with other systems: LTI, SCORM, cmi5, xAPI, OneRoster, webhooks."""
