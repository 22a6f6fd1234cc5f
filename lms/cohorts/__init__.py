"""Cohorts: multidisciplinary teams whose seats are filled by the certificates of people of any agency."""
