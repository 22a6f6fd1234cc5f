"""What has been published: courses and their immutable versions, with sources and assets in the database."""
