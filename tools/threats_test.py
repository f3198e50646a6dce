#!/usr/bin/env python3
"""threats.py finds a test that is named and not there, and a threat that names none."""

import pathlib
import tempfile
import unittest

import threats

TABLE = "| threat | answer | test |\n|---|---|---|\n"


class Threats(unittest.TestCase):
    def findings(self, model):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / "src/agent").mkdir(parents=True)
            (root / "docs/threat_model.md").write_text(model)
            (root / "src/agent/a_test.cc").write_text("TEST_F(Ban, Holds) {\n}\n")
            return list(threats.check(root, ["docs/threat_model.md"]))

    def test_a_named_test_that_exists_is_fine(self):
        self.assertEqual(self.findings(TABLE + "| a | b | `Ban.Holds` |\n"), [])

    def test_a_test_that_is_not_there_is_named(self):
        found = self.findings(TABLE + "| a | b | `Ban.Held` |\n")
        self.assertEqual(found, ["docs/threat_model.md:3: there is no test Ban.Held"])

    def test_a_threat_without_a_test_is_named(self):
        found = self.findings(TABLE + "| theft | b | none |\n")
        self.assertEqual(found, ["docs/threat_model.md:3: no test for: theft"])

    def test_the_table_of_traps_is_looked_at_too(self):
        self.assertIn("docs/traps.md", threats.DOCUMENTS)

    def test_a_model_without_threats_is_refused(self):
        self.assertEqual(len(self.findings("# Nothing\n")), 1)


if __name__ == "__main__":
    unittest.main()
