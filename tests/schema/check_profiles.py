"""Checks every profile against its JSON Schema. Usage: check_profiles.py SOURCE_DIR

Exit code 1 for a file that does not fit, 77 (skipped) where python3-yaml or python3-jsonschema (4 or later, for draft
2020-12) is missing.
"""

import copy
import json
import pathlib
import sys

try:
    import yaml
    from jsonschema import Draft202012Validator
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


class ProfileLoader(yaml.SafeLoader):
    """YAML as the program reads it: a date is a string."""


ProfileLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def errors_of(validator, profile):
    return [f"{'/'.join(map(str, e.absolute_path)) or '(root)'}: {e.message}" for e in validator.iter_errors(profile)]


def spoiled(profile):
    """Copies of a good profile with one mistake each: a schema that accepts one of them checks nothing."""
    for key in ("name", "schema", "sources", "source"):
        if key not in profile:
            continue
        less = copy.deepcopy(profile)
        del less[key]
        yield f"without {key}", less
    more = copy.deepcopy(profile)
    more["colour"] = "green"
    yield "with an unknown key", more
    wrong = copy.deepcopy(profile)
    wrong["parameters" if "family" in profile or "stack" in profile else "accelerators_per_node"] = 8
    yield "with a number that has no source", wrong


def main(root):
    failures = checked = 0
    for kind, folder in (
        ("accelerator", "hardware_profiles/accelerators"),
        ("cluster", "hardware_profiles/clusters"),
        ("model", "model_profiles"),
        ("efficiency-profile", "hardware_profiles/efficiency"),
    ):
        schema = json.loads((root / f"schema/{kind}.schema.json").read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        for file in sorted((root / folder).glob("*/*.yaml" if kind == "efficiency-profile" else "*.yaml")):
            profile = yaml.load(file.read_text(encoding="utf-8"), ProfileLoader)
            found = errors_of(validator, profile)
            if not found:
                found = [f"accepted {what}" for what, bad in spoiled(profile) if not errors_of(validator, bad)]
            checked += 1
            failures += bool(found)
            for error in found:
                print(f"{file.relative_to(root)}: {error}")
    print(f"{checked} profiles, {failures} that do not fit")
    return 1 if failures or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
