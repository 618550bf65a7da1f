"""One measurement, as JSON; `scripts/bench` calls this in the environment that it has set up.

benchmarking.py gas             our operations, the prototype's and others'
benchmarking.py gas --record    our operations, into the snapshot
"""

import json
import sys

from benchmarks import gas
from benchmarks.chain import BenchProblem

from anchor_service.node import ChainProblem

MEASUREMENTS = {("gas",): gas.run, ("gas", "--record"): gas.record}


def main() -> None:
    measurement = MEASUREMENTS.get(tuple(sys.argv[1:]))
    if measurement is None:
        raise SystemExit(__doc__)
    try:
        print(json.dumps(measurement(), indent=1))
    except (BenchProblem, ChainProblem) as problem:
        raise SystemExit(str(problem)) from problem


if __name__ == "__main__":
    main()
