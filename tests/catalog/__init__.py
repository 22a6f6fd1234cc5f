"""Publishing, versions, the catalog's pages."""
