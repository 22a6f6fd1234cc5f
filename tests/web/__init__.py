"""What comes out of the web room: pages, headers, languages."""
