"""One entry script as a web service: ``python -m zaffre.serving``.

    HTTP thread (uvicorn)                       main thread
    ScoringApp: read, limit, identify  --Job--> Worker: run(data), encode
               send                  <-Answer-

The script is imported, ``init()`` called and ``run()`` called on the main thread, one call at a time: thread-local
state, signal handlers and event loops of user code behave as in a plain script, and slow calls never stop liveness.
"""
