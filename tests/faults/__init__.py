"""What must survive: killed servers, locked databases, lost replies."""
