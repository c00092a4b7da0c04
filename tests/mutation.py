"""Breaks the core on purpose, one small change at a time, and sees the tests fail: python tests/mutation.py.

Each module is paired with the fast tests that guard it. A mutation that no test notices survives; the run
fails if more survive than the share that is allowed. Without an argument every pair runs; ``--sample N``
takes N mutations of each module with a fixed seed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SURVIVORS_ALLOWED = 0.22  # a ratchet: measured, some change nothing that can be seen; it only goes down
POINTS = [
    "tests/points/test_ledger.py",
    "tests/office/test_points_of_an_office.py",
    "tests/points/test_oracle.py",
]
PAIRS = {
    "worktime/_clock.py": ["tests/worktime"],
    "worktime/_calendar.py": ["tests/worktime", "tests/points"],
    "worktime/_limit.py": ["tests/worktime"],
    "worktime/_running.py": ["tests/worktime"],
    "routing/_batch.py": ["tests/routing/test_router.py"],
    "routing/_book.py": ["tests/routing", "tests/cases/test_rules_of_cases.py"],
    "routing/_catalog.py": ["tests/routing", "tests/documents/test_rule_files.py"],
    "routing/_check.py": ["tests/routing/test_check.py", "tests/routing/test_table.py"],
    "routing/_examples.py": ["tests/documents/test_rule_files.py"],
    "routing/_facts.py": ["tests/routing"],
    "routing/_replay.py": ["tests/routing/test_router.py"],
    "routing/_router.py": ["tests/routing/test_router.py", "tests/routing/test_table.py"],
    "routing/_rule.py": ["tests/routing"],
    "routing/_space.py": ["tests/routing/test_check.py"],
    "routing/_table.py": ["tests/routing", "tests/documents/test_rule_files.py"],
    "routing/_when.py": ["tests/routing/test_when.py"],
    "routing/_when_parse.py": ["tests/routing/test_when.py"],
    "territory/_coordinates.py": ["tests/territory/test_coordinates.py"],
    "territory/_locate.py": ["tests/territory/test_locate.py"],
    "territory/_outlines.py": ["tests/territory/test_locate.py"],
    "territory/_raster.py": ["tests/territory/test_locate.py"],
    "cases/_ruling.py": ["tests/cases/test_rules_of_cases.py"],
    "cases/_trial.py": ["tests/cases/test_rules_of_cases.py"],
    "territory/_tree.py": ["tests/territory", "tests/documents"],
    "staffing/_roster.py": [
        "tests/staffing",
        "tests/cases/test_rules_of_cases.py",
        "tests/documents/test_rule_files.py",
    ],
    "escalation.py": ["tests/cases", "tests/office", "tests/documents", "tests/test_escalation.py"],
    "access/_check.py": ["tests/test_access.py", "tests/test_access_of_an_office.py"],
    "access/_mask.py": ["tests/test_access.py", "tests/test_access_of_an_office.py"],
    "access/_policy.py": ["tests/test_access.py", "tests/test_access_of_an_office.py"],
    "store/_checkpoint.py": ["tests/store", "tests/office/test_snapshots.py"],
    "store/_memory.py": ["tests/store", "tests/delivery"],
    "store/_portable.py": ["tests/store"],
    "store/_vault.py": ["tests/office/test_snapshots.py"],
    "office/_handover.py": ["tests/office/test_handover.py"],
    "office/_leave.py": ["tests/test_access_of_an_office.py"],
    "office/_memory.py": ["tests/office"],
    "office/_snapshot.py": ["tests/office/test_snapshots.py"],
    "office/_together.py": ["tests/office/test_together.py"],
    "delivery/_courier.py": ["tests/delivery"],
    "delivery/_letter.py": ["tests/delivery", "tests/outreach"],
    "delivery/_pace.py": ["tests/delivery"],
    "delivery/_patience.py": ["tests/delivery"],
    "delivery/_post.py": ["tests/delivery", "tests/outreach"],
    "delivery/_round.py": ["tests/delivery"],
    "delivery/_usage.py": ["tests/delivery"],
    "outreach/_announcements.py": ["tests/outreach"],
    "outreach/_audience.py": ["tests/outreach", "tests/notices"],
    "cases/_clockwork.py": ["tests/cases", "tests/office"],
    "cases/_closing.py": ["tests/cases", "tests/office"],
    "cases/_given.py": ["tests/cases", "tests/office"],
    "cases/_handling.py": ["tests/cases", "tests/office"],
    "cases/_intake.py": ["tests/cases", "tests/office"],
    "cases/_life.py": ["tests/cases", "tests/office"],
    "cases/_objections.py": ["tests/cases", "tests/office"],
    "cases/_rates.py": ["tests/cases", "tests/office"],
    "cases/_requests.py": ["tests/cases", "tests/office"],
    "cases/_search.py": ["tests/cases", "tests/office"],
    "cases/_shown.py": ["tests/cases", "tests/office"],
    "cases/_views.py": ["tests/cases", "tests/office"],
    "cases/_whistles.py": ["tests/cases", "tests/office"],
    "cases/_evolve.py": ["tests/cases", "tests/office"],
    "notices/_audiences.py": ["tests/notices", "tests/delivery", "tests/office"],
    "notices/_notice.py": ["tests/notices", "tests/delivery", "tests/office"],
    "notices/_templates.py": ["tests/notices"],
    "reactions.py": ["tests/cases", "tests/office"],
    "points/_accounts.py": POINTS,
    "points/_awards.py": POINTS,
    "points/_decide.py": POINTS,
    "points/_evolve.py": POINTS,
    "points/_given.py": POINTS,
    "points/_lots.py": POINTS,
    "points/_months.py": POINTS,
    "points/_publicity.py": POINTS,
    "points/_spending.py": POINTS,
    "points/_stages.py": POINTS,
    "points/_tags.py": POINTS,
    "points/_audit.py": ["tests/points/test_audit.py"],
    "points/_audit_accounts.py": ["tests/points/test_audit.py"],
    "points/_audit_months.py": ["tests/points/test_audit.py"],
    "points/_audit_spending.py": ["tests/points/test_audit.py"],
    "points/_check.py": ["tests/points/test_scheme.py", "tests/documents"],
    "points/_publication.py": ["tests/points/test_statement.py"],
    "points/_scheme.py": ["tests/points/test_scheme.py", "tests/points/test_ledger.py"],
    "points/_slip.py": ["tests/points/test_slip.py"],
    "points/_statement.py": ["tests/points/test_statement.py"],
    "points/_views.py": ["tests/office/test_points_of_an_office.py", "tests/test_docs.py"],
    "proofs/_merkle.py": ["tests/test_merkle.py"],
    "proofs/_signing.py": ["tests/points/test_statement.py"],
    "territory/_ground.py": ["tests/merging", "tests/territory", "tests/documents"],
    "territory/_change.py": ["tests/territory"],
    "territory/_recode.py": ["tests/territory"],
    "merging/_adjust.py": ["tests/merging"],
    "merging/_assemble.py": ["tests/merging"],
    "merging/_bounds.py": ["tests/merging/test_certificate.py"],
    "merging/_certify.py": ["tests/merging/test_certificate.py"],
    "merging/_check.py": ["tests/merging"],
    "merging/_exact.py": ["tests/merging/test_certificate.py"],
    "merging/_kernel.py": ["tests/merging/test_solver.py"],
    "merging/_lineage.py": ["tests/merging/test_lineage.py"],
    "merging/_repost.py": ["tests/merging"],
    "merging/_plan.py": ["tests/merging"],
    "merging/_run.py": ["tests/merging/test_run.py"],
    "merging/_solve.py": ["tests/merging/test_solver.py", "tests/merging/test_policy.py"],
    "merging/_survey.py": ["tests/merging"],
    "documents/_grounds.py": ["tests/documents/test_grounds.py"],
    "reports/_plans.py": ["tests/reports/test_plans.py"],
    "store/_protocol.py": ["tests/store", "tests/test_journals.py"],
    "office/_engine.py": ["tests/office", "tests/hooks"],
    "proofs/_canonical.py": ["tests/test_proofs.py", "tests/store", "tests/test_journals.py"],
}
COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add}


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Give changed copies of one node."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        changed = copy.deepcopy(node)
        changed.ops[0] = COMPARISONS[type(node.ops[0])]()
        yield changed
    elif isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield changed
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not isinstance(node.left, ast.Constant):
        changed = copy.deepcopy(node)
        changed.op = OPERATORS[type(node.op)]()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.If):
        changed = copy.deepcopy(node)
        changed.test = ast.Constant(False)
        yield changed


def mutations(source: str) -> list[tuple[int, str]]:
    """Give (line, changed source) for every small change."""
    tree = ast.parse(source)
    found = []
    places = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    for place, node in enumerate(places):
        for changed in _changes(node):
            copied = copy.deepcopy(tree)
            target = [n for n in ast.walk(copied) if hasattr(n, "lineno")][place]
            _replace(copied, target, changed)
            found.append((node.lineno, ast.unparse(ast.fix_missing_locations(copied))))
    return found


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(part is old for part in value):
                setattr(parent, name, [new if part is old else part for part in value])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("modules", nargs="*", default=list(PAIRS))
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "src", work / "src")
    for name in ("tests", "examples", "docs", "plugins"):
        shutil.copytree(ROOT / name, work / name)
    shutil.copy(ROOT / "pyproject.toml", work)
    survived, tried = [], 0
    for module in arguments.modules:
        path = work / "src/gridgov" / module
        source = path.read_text("utf-8")
        every = mutations(source)
        if arguments.sample:
            every = random.Random(module).sample(every, min(arguments.sample, len(every)))
        for line, changed in every:
            tried += 1
            path.write_text(changed, "utf-8")
            if _passes(work, PAIRS[module]):
                survived.append(f"{module}:{line}")
                print(f"survived: {module}:{line}: {source.splitlines()[line - 1].strip()}", flush=True)
        path.write_text(source, "utf-8")
    shutil.rmtree(work)
    print(f"{tried - len(survived)} of {tried} mutations were noticed, {len(survived)} survived")
    return 1 if len(survived) > SURVIVORS_ALLOWED * tried else 0


def _passes(work: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", *tests]
    environment = {"PYTHONPATH": str(work / "src"), "PATH": "/usr/bin:/bin", "HYPOTHESIS_PROFILE": "moderate"}
    try:
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
