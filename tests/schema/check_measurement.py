"""Checks measurements against schema/measurement.schema.json. Usage: check_measurement.py SOURCE_DIR FILE...

Exit code 1 for something that does not fit, 77 (skipped) where python3-jsonschema (4 or later) is missing.
"""

import copy
import json
import pathlib
import sys

from check_profiles import Draft202012Validator, errors_of  # skips where the modules are missing


def spoiled(measurement):
    """One mistake each: a schema that accepts one of them checks nothing."""
    for key in measurement:
        if key != "note":
            yield f"without {key}", {name: value for name, value in measurement.items() if name != key}
    yield "with an unknown key", dict(measurement, colour="green")
    yield "of another format", dict(measurement, schema="trainbudget/measurement/1")
    if measurement["kernels"]:
        empty = copy.deepcopy(measurement)
        empty["kernels"][0]["timing"]["samples_seconds"] = []
        yield "with a timing without samples", empty
        lame = copy.deepcopy(measurement)
        del lame["kernels"][0]["timing"]["environment"]
        yield "with a timing without its environment", lame


def main(root, files):
    schema = json.loads((root / "schema/measurement.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    failures = 0
    for file in files:
        measurement = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
        found = errors_of(validator, measurement)
        if not found:
            found = [f"accepted {what}" for what, bad in spoiled(measurement) if not errors_of(validator, bad)]
        failures += bool(found)
        for error in found:
            print(f"{file}: {error}")
    print(f"{len(files)} measurements, {failures} that do not fit")
    return 1 if failures or not files else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2:]))
