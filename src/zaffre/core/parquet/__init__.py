"""Tables as Parquet files, written and read with Python alone: a service's environment may have no library for it."""
