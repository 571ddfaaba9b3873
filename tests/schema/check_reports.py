"""Checks JSON reports and the shipped scenarios against their schemas. Usage: check_reports.py SOURCE_DIR PROGRAM

Exit code 1 for something that does not fit, 77 (skipped) where python3-yaml or python3-jsonschema (4 or later) is missing.
"""

import copy
import json
import pathlib
import subprocess
import sys

from check_profiles import Draft202012Validator, ProfileLoader, yaml  # skips where the modules are missing

COMMANDS = [
    ["scenarios/rwkv-4-14b.yaml"],
    ["scenarios/rwkv-4-14b.yaml", "--set", "efficiency=16%"],
    ["--params", "7B", "--tokens", "1T", "--gpu", "h100-sxm-80gb", "--gpus", "256"],
    ["--model", "rwkv-7-7.2b", "--tokens", "3T", "--gpu", "h100-sxm-80gb", "--gpus", "32"],
    # neither a price nor a TDP is known: null, not a missing key
    ["--params", "7B", "--tokens", "1T", "--gpu", "tpu-v7x", "--gpus", "64", "--efficiency", "40%"],
]


def validator_for(root, name):
    schema = json.loads((root / f"schema/{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def refuse_constant(word):
    raise ValueError(f"{word} is not JSON")


def main(root, program):
    failures = 0
    report_schema = validator_for(root, "estimate")
    for command in COMMANDS:
        done = subprocess.run([program, "estimate", *command, "--format", "json"], cwd=root, capture_output=True, text=True)
        report = json.loads(done.stdout, parse_constant=refuse_constant)
        found = [error.message for error in report_schema.iter_errors(report)]
        for key in report_schema.schema["required"]:  # a schema that accepts a report without a key checks nothing
            less = {name: value for name, value in report.items() if name != key}
            found += [] if list(report_schema.iter_errors(less)) else [f"accepted without {key}"]
        failures += bool(found)
        for error in found:
            print(f"estimate {' '.join(command)}: {error}")

    scenario_schema = validator_for(root, "scenario")
    scenarios = sorted((root / "scenarios").glob("*.yaml"))
    for file in scenarios:
        scenario = yaml.load(file.read_text(encoding="utf-8"), ProfileLoader)
        found = [error.message for error in scenario_schema.iter_errors(scenario)]
        unknown = dict(copy.deepcopy(scenario), colour="green")
        twice = dict(copy.deepcopy(scenario), params="14B", model="rwkv-4-14b")
        for what, bad in (("an unknown key", unknown), ("two things to train", twice)):
            found += [] if list(scenario_schema.iter_errors(bad)) else [f"accepted with {what}"]
        failures += bool(found)
        for error in found:
            print(f"{file.name}: {error}")
    print(f"{len(COMMANDS)} reports and {len(scenarios)} scenarios, {failures} that do not fit")
    return 1 if failures or not scenarios else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
