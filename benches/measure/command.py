"""Programs that are run to their end, and what goes wrong with them."""

import subprocess

# Lines of what a program said last.
SHOWN = 20


class Failed(Exception):
    """Something was not as it has to be to be measured."""


def said_by(command, **more):
    """What a program printed. Where it fails, what it complained of is told."""
    command = list(map(str, command))
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        raise Failed(f"{' '.join(command[:3])} … failed:\n{end_of(done.stderr or done.stdout)}")
    return done.stdout


def end_of(text):
    return "\n".join(f"    {line}" for line in text.splitlines()[-SHOWN:])
