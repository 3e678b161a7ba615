"""Data collection in a service.

    ModelDataCollector.collect --records--> Outlet (in a worker) --Ring--> python -m ...collection.writer --> Parquet

The worker copies what it was given, nothing else: turning rows into columns and writing files is the work of another
process, to which the system gives only time that nobody else wants.
"""
