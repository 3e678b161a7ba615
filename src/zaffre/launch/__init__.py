"""Start, watch and stop a workload. One contract (``backend``), one module for each place where workloads run."""
