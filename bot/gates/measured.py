"""Runs a project's pytest under coverage, in one process, and leaves a report.

It runs inside the sandbox, in the project's own interpreter, so it imports nothing of ours.
Called as: measured.py SETTINGS REPORT -m pytest ARGUMENTS…
"""

import os
import runpy
import sys

import coverage


def main() -> None:
    """Exit as pytest does; a report that could not be made is for its reader to miss."""
    settings, report, _, module, *arguments = sys.argv[1:]
    measure = coverage.Coverage(config_file=settings)
    sys.argv = [module, *arguments]
    sys.path[0] = os.getcwd()  # as `python -m` does
    status = 1
    measure.start()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code
    finally:
        measure.stop()
        measure.save()
        try:
            if measure.get_option("run:parallel"):
                measure.combine()
            measure.json_report(outfile=report)
        except coverage.CoverageException as problem:
            print(f"no coverage: {problem}")
    sys.exit(status)


if __name__ == "__main__":
    main()
