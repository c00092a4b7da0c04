"""The only way that checks run. ``nox -l`` lists them; ``.ci/run`` calls them in order."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

HERE = Path(__file__).parent
PLUGINS = (
    "plugins/gridgov-sql",
    "plugins/gridgov-sample-rules",
    "plugins/gridgov-days-cn",
    "plugins/gridgov-importers",
    "plugins/gridgov-im",
    "plugins/gridgov-mail",
    "plugins/gridgov-webhook",
    "plugins/gridgov-apprise",
)
TOML = nox.project.load_toml("pyproject.toml")

nox.options.sessions = ["street", "tests", "lint", "types", "imports", "docs"]
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "virtualenv"


def group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(TOML, name))


def newer_interpreters() -> list[str]:
    """Find the other interpreters that we support and that this machine really has."""
    found = []
    for version in ("3.12", "3.13"):
        if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
            continue
        candidates = [shutil.which(f"python{version}")]
        candidates += sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")), reverse=True)
        for candidate in candidates:
            # A shim may be on the path and lead to nothing.
            if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
                found.append(candidate)
                break
    return found


def install(session: nox.Session, *more: str, extras: str = "") -> None:
    """Install the built wheels of the library and its plugins, and whatever else is wanted."""
    # One call: two would let pip answer the second one without looking at the first.
    session.install(f".{extras}", *(f"./{plugin}" for plugin in PLUGINS), *more)


@nox.session
def street(session: nox.Session) -> None:
    """Run a whole street on SQLite and write its page: build/youyi/index.html."""
    install(session, "tqdm>=4.66", extras="[reports,exact,sheets]")
    session.run("python", "examples/youyi/run.py", *session.posargs)


@nox.session
def replay(session: nox.Session) -> None:
    """Replay a city's real service requests: nox -s replay -- requests.csv.gz [precincts.geojson]."""
    install(session, "tqdm>=4.66", extras="[reports]")
    session.run("python", "examples/boston/run.py", *session.posargs)


@nox.session
def grounds(session: nox.Session) -> None:
    """Merge three real grounds and print what is proved: nox -s grounds -- FOLDER."""
    install(session, extras="[exact,fast,geo]")
    session.run("python", "examples/real_grounds/run.py", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, property tests, plugins and examples against the built wheels."""
    install(session, *group("tests"), extras="[reports,testing,fast,exact,geo,sheets,notice,sign,sm,vault]")
    session.run("pytest", "-n", "2", "--dist", "worksteal", "tests", "plugins", *session.posargs)
    for python in NEWER:
        session.notify(f"fast-{python}")


@nox.session
def sqlalchemy20(session: nox.Session) -> None:
    """Run the tests of the SQL stores on the older line of SQLAlchemy that they support."""
    install(session, *group("tests"), "sqlalchemy>=2.0.40,<2.1", extras="[testing]")
    session.run("pytest", "-n", "2", "plugins/gridgov-sql", *session.posargs)


NEWER = newer_interpreters()
if NEWER:

    @nox.session(python=NEWER)
    def fast(session: nox.Session) -> None:
        """Run the fast tests on the other interpreters of this machine."""
        install(session, *group("tests"), extras="[reports,testing,fast,exact,geo,sheets,notice,sign,sm,vault]")
        session.run("pytest", "-n", "2", "-m", "not slow and not data", "tests", "plugins", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    install(session, *group("types"), extras="[reports,testing,notice,sign]")
    session.run("mypy", "src/gridgov", *(f"{plugin}/src" for plugin in PLUGINS))
    for example in ("examples/youyi", "examples/boston", "examples/real_grounds"):
        session.run("mypy", example, env={"MYPYPATH": example})
    session.run("mypy", "examples/tiny.py")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that upper floors import lower ones only."""
    install(session, *group("imports"))
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation with warnings as errors; the tests run the code in it."""
    install(session, *group("docs"), extras="[reports,testing,sheets,notice,sign,sm]")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "build/docs")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure: nox -s bench -- TOPIC."""
    install(session, *group("tests"), *group("bench"), extras="[reports,testing,fast]")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def deep(session: nox.Session) -> None:
    """Run the property tests at depth, the many kills, and the mutation run over the core."""
    install(session, *group("tests"), extras="[reports,testing,fast,exact,geo,sheets,notice,sign,sm,vault]")
    environment = {"HYPOTHESIS_PROFILE": "deep", "GRIDGOV_DEEP": "1", **os.environ}
    session.run("pytest", "-n", "2", "tests", "plugins", *session.posargs, env=environment)
    session.run("python", "tests/mutation.py", env=environment)
