"""What the web server loads: the application with the settings of the environment."""

import gc

from lms.app import create_app

app = create_app()
# What was made so far stays for good: the collector need not walk through it again and again.
gc.collect()
gc.freeze()
