"""What the web server loads: the application with the settings of the environment."""

from lms.app import create_app

app = create_app()
