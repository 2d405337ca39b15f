"""Tools that run, measure and release the service; never deployed."""
