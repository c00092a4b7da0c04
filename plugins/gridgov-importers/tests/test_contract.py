"""Both importers against the contract that gridgov ships, through the hook."""

import csv
import json

from gridgov.testing import ImporterContract
from gridgov_importers import plugin

COLUMNS = ("department", "department_name", "is_intern", "main_category", "category", "category_name",
           "handling", "is_active", "is_responsible", "can_view")  # fmt: skip


class TestDigit(ImporterContract):
    name = "digit"

    def make(self):
        return plugin

    def source(self, tmp_path):
        folder = tmp_path / "harbor"
        folder.mkdir()
        service = {"serviceCode": "Rats", "name": "Rats", "department": "D1", "slaHours": 24, "menuPath": "Pests"}
        department = {"code": "D1", "name": "Quay", "active": True}
        for file, value in (("RAINMAKER-PGR__ServiceDefs", service), ("common-masters__Department", department)):
            (folder / f"{file}.json").write_text(json.dumps([{"tenantId": "isle", "data": value}]), "utf-8")
        return folder

    def broken(self, tmp_path):
        folder = tmp_path / "broken"
        folder.mkdir()
        (folder / "RAINMAKER-PGR__ServiceDefs.json").write_text("[{", "utf-8")
        return folder


class TestSignalen(ImporterContract):
    name = "signalen"

    def make(self):
        return plugin

    def source(self, tmp_path):
        folder = tmp_path / "town"
        folder.mkdir()
        row = ("D1", "Quay", "true", "afval", "ratten", "Ratten", "A3DEC", "true", "true", "true")
        with (folder / "departments_categories.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, row])
        return folder

    def broken(self, tmp_path):
        folder = tmp_path / "broken"
        folder.mkdir()
        (folder / "departments_categories.csv").write_text("a,b\n", "utf-8")
        return folder
