"""The client's resources, one file each."""
