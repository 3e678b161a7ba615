"""The container engine: one client for its API, for those who build images and those who run containers."""
