"""Teams of several disciplines, whose seats are filled by the certificates of people of any agency."""
