"""Data collection in a service.

    ModelDataCollector.collect --records--> Outlet (in a worker) --pipe--> python -m ...collection.writer --> Parquet

The worker packs and hands over, nothing else: turning rows into columns and writing files is another process's work, to
which the system gives only time that nobody else wants.
"""
