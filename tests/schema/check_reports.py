"""Checks JSON reports and the shipped scenarios against their schemas. Usage: check_reports.py SOURCE_DIR PROGRAM

Exit code 1 for something that does not fit, 77 (skipped) where python3-yaml or python3-jsonschema (4 or later) is missing.
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

from check_profiles import Draft202012Validator, ProfileLoader, yaml  # skips where the modules are missing

COMMANDS = [
    ["scenarios/rwkv-4-14b.yaml"],
    ["scenarios/rwkv-4-14b.yaml", "--set", "efficiency=16%"],
    ["scenarios/rwkv-7-budget.yaml"],
    ["scenarios/rwkv-7-budget.yaml", "--set", "commitment=none", "--set", "price=$2/h", "--set", "own={capex: $40k, utilization: 70%}"],
    ["scenarios/rwkv-7-budget.yaml", "--set", "price=$2/h", "--set", "energy={country: FRA, convention: model-card}"],
    ["--params", "7B", "--tokens", "1T", "--gpu", "h100-sxm-80gb", "--gpus", "256"],
    ["--model", "rwkv-7-7.2b", "--tokens", "3T", "--gpu", "h100-sxm-80gb", "--gpus", "32"],
    ["--model", "llama-3-8b", "--tokens", "1T", "--cluster", "hgx-h100", "--gpus", "8", "--global-batch", "64"],
    # neither a price nor a TDP is known: null, not a missing key
    ["--params", "7B", "--tokens", "1T", "--gpu", "tpu-v7x", "--gpus", "64", "--efficiency", "40%"],
]


def validator_for(root, name):
    schema = json.loads((root / f"schema/{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def refuse_constant(word):
    raise ValueError(f"{word} is not JSON")


def check_sweep(root, program, file):
    """1 where a what-if file or its report does not fit its schema."""
    sweep = yaml.load(file.read_text(encoding="utf-8"), ProfileLoader)
    schema = validator_for(root, "whatif")
    found = [error.message for error in schema.iter_errors(sweep)]
    for what, bad in (
        ("an unknown key", dict(sweep, colour="green")),
        ("nothing to compare", {key: value for key, value in sweep.items() if key not in ("scenarios", "grid")}),
        ("a scenario called base", dict(sweep, scenarios={"base": {"gpus": 8}})),
        ("an empty axis", dict(sweep, grid={"gpus": []})),
    ):
        found += [] if list(schema.iter_errors(bad)) else [f"accepted with {what}"]
    done = subprocess.run([program, "whatif", str(file), "--format", "json"], cwd=root, capture_output=True, text=True)
    report = json.loads(done.stdout, parse_constant=refuse_constant)
    report_schema = validator_for(root, "whatif-report")
    found += [error.message for error in report_schema.iter_errors(report)]
    for key in report["rows"][0]:
        less = copy.deepcopy(report)
        del less["rows"][0][key]
        found += [] if list(report_schema.iter_errors(less)) else [f"accepted a row without {key}"]
    for error in found:
        print(f"{file.name}: {error}")
    return bool(found)


SEARCHES = [
    ["--model", "llama-3-8b", "--tokens", "1T", "--cluster", "hgx-h100", "--gpus", "8", "--global-batch", "64"],
    ["--model", "llama-3-8b", "--hardware", "h100-sxm-80gb,h200-sxm-141gb", "--gpus", "8..16*2", "--global-batch", "64"],
    ["--model", "llama-3.1-405b", "--cluster", "hgx-h100", "--gpus", "8", "--global-batch", "8"],  # nothing fits
    ["--model", "llama-3-8b", "--tokens", "1T", "--cluster", "hgx-h100", "--gpus", "8", "--global-batch", "64", "--budget", "$1"],
]


def check_searches(root, program):
    """How many reports of searches do not fit their schema."""
    schema = validator_for(root, "search-report")
    failures = 0
    for command in SEARCHES:
        done = subprocess.run([program, "search", *command, "--format", "json"], cwd=root, capture_output=True, text=True)
        report = json.loads(done.stdout, parse_constant=refuse_constant)
        found = [error.message for error in schema.iter_errors(report)]
        if bool(report["rows"]) != (done.returncode == 0):
            found.append(f"exit code {done.returncode}")
        for part in [report, *report["rows"], *report["machines"], *report["purchases"], *report["warnings"]]:
            for key in list(part):
                value = part.pop(key)
                found += [] if list(schema.iter_errors(report)) else [f"accepted without {key}"]
                part[key] = value
        failures += bool(found)
        for error in found:
            print(f"search {' '.join(command)}: {error}")
    return failures


EXAMPLE = "scenarios/rwkv-4-14b.yaml"
COMPARISONS = [
    (0, "diff-report", ["diff", EXAMPLE, EXAMPLE]),
    (1, "diff-report", ["diff", EXAMPLE, "scenarios/rwkv-7-7.2b.yaml", "--exit-code"]),
    (0, "check-report", ["check", EXAMPLE, "--max-cost", "$50k", "--max-days", "30", "--max-gpu-hours", "50k", "--max-energy", "1GWh"]),
    (1, "check-report", ["check", EXAMPLE, "--require-fit", "--against", "scenarios/rwkv-7-7.2b.yaml"]),
]


def check_comparison(root, program, status, name, command):
    """1 where a report of diff or check does not fit its schema."""
    done = subprocess.run([program, *command, "--format", "json"], cwd=root, capture_output=True, text=True)
    report = json.loads(done.stdout, parse_constant=refuse_constant)
    schema = validator_for(root, name)
    found = [error.message for error in schema.iter_errors(report)]
    found += [] if done.returncode == status else [f"exit code {done.returncode}"]
    items = [item for value in report.values() if isinstance(value, list) for item in value if isinstance(item, dict)]
    for part in [report, *items]:
        for key in list(part):
            value = part.pop(key)
            found += [] if list(schema.iter_errors(report)) else [f"accepted without {key}"]
            part[key] = value
    for error in found:
        print(f"{' '.join(command)}: {error}")
    return bool(found)


PLANS = [
    (0, ["--family", "rwkv-7", "--budget", "$500", "--cluster", "hgx-h100", "--price", "$2/h", "--max-gpus", "8", "--serve-tokens", "10B"]),
    (0, ["--model", "rwkv-7-1.5b", "--tokens", "10B", "--deadline", "9 days", "--hardware", "a100-sxm-80gb,h100-sxm-80gb", "--max-gpus", "16"]),
    (0, ["--budget", "$1k", "--gpu", "h100-sxm-80gb", "--efficiency", "40%", "--price", "$2/h", "--gpus", "8"]),
    (1, ["--model", "rwkv-7-1.5b", "--tokens", "10B", "--deadline", "1h", "--budget", "$9", "--hardware", "h100-sxm-80gb", "--max-gpus", "8"]),
]


def check_plan(root, program, status, command):
    """1 where a plan does not fit its schema."""
    done = subprocess.run([program, "plan", *command, "--format", "json"], cwd=root, capture_output=True, text=True)
    plan = json.loads(done.stdout, parse_constant=refuse_constant)
    schema = validator_for(root, "plan")
    found = [error.message for error in schema.iter_errors(plan)]
    found += [] if done.returncode == status else [f"exit code {done.returncode}"]
    found += [] if (plan["winner"] is None) == (status == 1) else ["a winner where there is none, or none where there is one"]
    for key in plan:
        less = {name: value for name, value in plan.items() if name != key}
        found += [] if list(schema.iter_errors(less)) else [f"accepted without {key}"]
    for key in plan["winner"] or []:
        less = copy.deepcopy(plan)
        del less["winner"][key]
        found += [] if list(schema.iter_errors(less)) else [f"accepted a winner without {key}"]
    for error in found:
        print(f"plan {' '.join(command)}: {error}")
    return bool(found)


TRACKED = "step,tokens,seconds\n" + "".join(f"{i},{i * 1000},{i * 100 + 5000 * (i > 9)}\n" for i in range(1, 20))
TRACKS = [
    ["--tokens", "1M"],  # neither GPUs nor a price
    ["--model", "rwkv-7-1.5b", "--tokens", "1M", "--gpu", "h100-sxm-80gb", "--gpus", "8", "--price", "$2/h"],
]


def check_tracks(root, program):
    """How many reports of runs in progress do not fit their schema."""
    schema = validator_for(root, "track")
    failures = 0
    for command in TRACKS:
        done = subprocess.run(
            [program, "track", "--log", "-", *command, "--format", "json"], input=TRACKED, capture_output=True, text=True
        )
        report = json.loads(done.stdout, parse_constant=refuse_constant)
        found = [error.message for error in schema.iter_errors(report)]
        if len(report["interruptions"]) != 1:
            found.append("not the one interruption that the log has")
        for part in [report, report["log"], *report["interruptions"], report["plan"] or {}]:
            for key in list(part):
                value = part.pop(key)
                found += [] if list(schema.iter_errors(report)) else [f"accepted without {key}"]
                part[key] = value
        failures += bool(found)
        for error in found:
            print(f"track {' '.join(command)}: {error}")
    return failures


ROWS = [
    # places with a grid and without
    ("regions", ["estimate", "--params", "7B", "--tokens", "1T", "--gpu", "h100-sxm-80gb", "--gpus", "64", "--regions"]),
    # neither power nor CO2e
    ("regions", ["estimate", "--params", "7B", "--tokens", "1T", "--gpu", "tpu-v5e", "--gpus", "64", "--efficiency", "40%", "--regions"]),
    ("backtest-runs", ["backtest", "--runs"]),
]


def check_rows(root, program, name, command):
    """1 where a report that is a list of rows does not fit its schema."""
    done = subprocess.run([program, *command, "--format", "json"], cwd=root, capture_output=True, text=True)
    rows = json.loads(done.stdout, parse_constant=refuse_constant)
    schema = validator_for(root, name)
    found = [error.message for error in schema.iter_errors(rows)]
    found += [] if done.returncode == 0 and rows else [f"exit code {done.returncode}, {len(rows)} rows"]
    for row in rows[:1]:
        for key in list(row):
            value = row.pop(key)
            found += [] if list(schema.iter_errors(rows)) else [f"accepted without {key}"]
            row[key] = value
        row["colour"] = "green"
        found += [] if list(schema.iter_errors(rows)) else ["accepted with an unknown key"]
        del row["colour"]
    if name == "backtest-runs":
        states = {row["remark"].split(":")[0] for row in rows if row["remark"].startswith("not ")}
        found += [] if states == {"not scored", "not predicted"} else ["not rows of every kind"]
        found += [f"{row['id']}: half a prediction" for row in rows if (row["p50"] is None) != (row["inside"] is None)]
    for error in found:
        print(f"{' '.join(command)}: {error}")
    return bool(found)


def check_measured_profile(root, program):
    """1 where the profile that a measurement becomes does not fit its schema."""
    schema = validator_for(root, "efficiency-profile")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "mine.yaml"
        measured = root / "tests/unit/data/synthetic-h100-measurement.json"
        subprocess.run([program, "calibrate", "--from", str(measured), "-o", str(file)], cwd=root, capture_output=True)
        profile = yaml.load(file.read_text(encoding="utf-8"), ProfileLoader)
    found = [error.message for error in schema.iter_errors(profile)]
    found += [] if profile["recurrences"] else ["no recurrences"]
    for key in ("kernel", "head_size", "points"):
        less = copy.deepcopy(profile)
        del less["recurrences"][0][key]
        found += [] if list(schema.iter_errors(less)) else [f"accepted a recurrence without {key}"]
    short = copy.deepcopy(profile)
    short["recurrences"][0]["points"][0].pop()
    found += [] if list(schema.iter_errors(short)) else ["accepted a point without seconds"]
    for error in found:
        print(f"measured profile: {error}")
    return bool(found)


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

    # one row that is predicted and one that cannot be expressed
    corpus = (
        "id,group,model,gpu,gpu_mem_gb,n_gpus,gpus_per_node,seq_len,global_batch,micro_batch,tp,pp,recompute,precision,software,step_time_s,peak_mem_gb\n"
        "a,mine,Llama-3-8B,H100 SXM,80,8,8,8192,64,1,1,1,none,bf16,Megatron-Core,14,60\n"
        "b,mine,Llama-3-8B,H100 SXM,80,8,8,8192,64,1,1,1,none,bf16,Megatron-Core,,\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "steps.csv"
        file.write_text(corpus, encoding="utf-8")
        command = [program, "backtest", "--corpus", str(file), "--holdout", "within_stack", "--format", "json"]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    backtest = json.loads(done.stdout, parse_constant=refuse_constant)
    found = [error.message for error in validator_for(root, "backtest").iter_errors(backtest)]
    ways = {"within_stack", "memory_by_rules", "memory_within_stack", "memory_leave_source_out"}
    if {row["holdout"] for row in backtest["summary"]} != ways:
        found.append("not a summary of every kind")
    if [row["expressible"] for row in backtest["rows"]] != [True, False] or backtest["rows"][0]["p50"] is None:
        found.append("not one row predicted and one that is not")
    failures += bool(found)
    for error in found:
        print(f"backtest: {error}")

    failures += sum(check_rows(root, program, *case) for case in ROWS)
    failures += check_searches(root, program)

    failures += check_tracks(root, program)
    failures += check_measured_profile(root, program)
    failures += sum(check_comparison(root, program, *case) for case in COMPARISONS)

    failures += sum(check_plan(root, program, status, command) for status, command in PLANS)

    sweeps = sorted((root / "scenarios").glob("*what-if*.yaml"))
    failures += sum(check_sweep(root, program, file) for file in sweeps)

    scenario_schema = validator_for(root, "scenario")
    scenarios = sorted(set((root / "scenarios").glob("*.yaml")) - set(sweeps))
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
    return 1 if failures or not scenarios or not sweeps else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
