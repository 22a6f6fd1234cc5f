"""What tests are built with: databases and a world of people."""
