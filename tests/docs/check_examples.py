"""Checks that the examples of Markdown files print what these show. Usage: check_examples.py PROGRAM FILE… [--update]

In a fenced block, a line that begins with `$ trainbudget` is run in the project's folder by a shell, and the lines up to the
next one or the end of the block are what it must print, in this order. A line `...` stands for any lines, also at the end.
--update writes what is printed now in place of examples without `...`.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMPT = "$ trainbudget "


def printed(command, program):
    environment = dict(os.environ, PATH=f"{program.parent}:{os.environ['PATH']}")
    done = subprocess.run(command, shell=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    return [line.rstrip() for line in done.stdout.rstrip("\n").split("\n")]


def first_difference(shown, lines):
    """The first line of `shown` that is not printed where it should be, or None."""
    at, anywhere = 0, False
    for line in shown:
        if line == "...":
            anywhere = True
            continue
        places = [at] if not anywhere else range(at, len(lines))
        found = next((i for i in places if i < len(lines) and lines[i] == line), None)
        if found is None:
            return line
        at, anywhere = found + 1, False
    return None if anywhere or at == len(lines) else lines[at] + "   (printed, not shown)"


def check_file(file, program, update):
    """How many examples `file` has, and how many of them print something else."""
    text = file.read_text(encoding="utf-8")
    examples = failures = 0

    def check(block):
        nonlocal examples, failures
        parts = re.split(r"(?m)^(?=\$ )", block.group(2))
        for i, part in enumerate(parts):
            if not part.startswith(PROMPT):
                continue
            examples += 1
            command, *shown = part.rstrip("\n").split("\n")
            shown = [line.rstrip() for line in shown]
            lines = printed(command[2:], program)
            wrong = first_difference(shown, lines)
            if wrong is None:
                continue
            if update and "..." not in shown:
                parts[i] = "\n".join([command, *lines]) + "\n"
                continue
            failures += 1
            print(f"{file.name}: {command}\n  not as shown: {wrong}")
        return block.group(1) + "".join(parts) + block.group(3)

    updated = re.sub(r"(?ms)^(```[a-z]*\n)(.*?)^(```)$", check, text)
    if update:
        file.write_text(updated, encoding="utf-8")
    return examples, failures


def main(program, files, update):
    counts = [check_file(file, program, update) for file in files]
    examples, failures = (sum(column) for column in zip(*counts))
    print(f"{examples} examples, {failures} that print something else")
    return 1 if failures or not examples else 0


if __name__ == "__main__":
    names = [name for name in sys.argv[2:] if name != "--update"]
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), [pathlib.Path(name) for name in names], "--update" in sys.argv[2:]))
