"""The benchmark: the whole path over real sockets, next to the simulator driven directly.

``python -m bench`` starts the simulator, the gateway (``manage.py serve``) and a load generator
as processes of their own, checks every answer and prints a table. ``docs/benchmarks.md``
explains the figures.

    ``processes``   child processes: start, stop, CPU time and memory
    ``stack``       simulator and gateway, started and cleaned up
    ``load``        what the load generator is asked for and what it answers (the protocol)
    ``generator``   the load generator's process
    ``targets``     whom it calls, and how its requests and answers look
    ``answers``     checks an answer; pure
    ``scenarios``   what is measured
    ``report``      the table; pure
    ``profiler``    py-spy
"""
