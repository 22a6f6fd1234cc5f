"""The second wall: PostgreSQL shows a transaction only what whoever looks may see, whatever the query asks for."""
