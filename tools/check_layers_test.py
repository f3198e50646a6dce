#!/usr/bin/env python3
"""Each rule of LAYERS.toml is broken once in a small tree; the checker must name the place."""

import pathlib
import tempfile
import unittest

import check_layers

LAW = (pathlib.Path(__file__).resolve().parent.parent / "LAYERS.toml").read_text()


class CheckLayers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("LAYERS.toml", LAW)
        self.write("src/base/time.h", "#pragma once\n")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def findings(self, path, text):
        self.write(path, text)
        return list(check_layers.check(self.root))

    def refused(self, path, text, *parts):
        found = self.findings(path, text)
        self.assertEqual(len(found), 1, found)
        for part in (path, *parts):
            self.assertIn(part, found[0])

    def accepted(self, path, text):
        self.assertEqual(self.findings(path, text), [])

    def test_a_lower_layer_may_be_included(self):
        self.accepted("src/wire/a.cc", '#include "tuf/a.h"\n#include "base/time.h"\n')

    def test_a_higher_layer_may_not(self):
        self.refused("src/base/a.cc", '\n#include "json/json.h"\n', "a.cc:2:", "json is layer 1")

    def test_domain_modules_do_not_include_each_other(self):
        self.refused("src/gate/a.cc", '#include "fleet/a.h"\n', "gate is layer 3")

    def test_what_also_grants_is_for_the_named_module_alone(self):
        self.accepted("src/rollout/a.cc", '#include "gate/a.h"\n')
        self.refused("src/install/a.cc", '#include "gate/a.h"\n', "install is layer 4")

    def test_shells_include_neither_each_other_nor_adapters(self):
        for other in ("agent", "sqlite"):
            self.refused("src/server/a.cc", f'#include "{other}/a.h"\n', f'"{other}/a.h"')

    def test_the_simulator_includes_no_adapter(self):
        self.refused("src/sim/a.cc", '#include "posix/a.h"\n', "sim is layer 8")

    def test_only_the_tests_of_a_shell_may_include_the_fakes(self):
        self.accepted("src/agent/a_test.cc", '#include "sim/files.h"\n')
        self.refused("src/agent/a.cc", '#include "sim/files.h"\n', "sim is layer 8")

    def test_adapters_include_the_types_of_port_and_no_others(self):
        self.write("src/fleet/stratum.h", '#include "release/kind.h"\n')
        self.write("src/release/kind.h", "#pragma once\n")
        self.write("src/port/store.h", '#include "fleet/stratum.h"\n')
        self.accepted("src/sqlite/a.cc", '#include "fleet/stratum.h"\n#include "release/kind.h"\n')
        self.refused("src/sqlite/a.cc", '#include "fleet/other.h"\n', "sqlite is layer 8")

    def test_nobody_includes_main(self):
        self.refused("src/sim/a.cc", '#include "main/a.h"\n', "main is layer 10")

    def test_tests_do_not_include_main_either(self):
        self.refused("test/e2e/a_test.cc", '#include "main/a.h"\n', "Nobody includes main")

    def test_files_of_main_are_short(self):
        self.accepted("src/main/a.cc", "\n" * 149)
        self.refused("src/main/a.cc", "\n" * 150, "at most 149")

    def test_the_verifier_stays_small(self):
        self.accepted("src/main/firebreak.cc", '#include "publisher/a.h"\n')
        self.accepted("src/main/firebreak_verify.cc", '#include "pack/a.h"\n#include "tuf/a.h"\n')
        for room in ("posix", "publisher", "http", "policy"):
            self.refused("src/main/firebreak_verify.cc", f'#include "{room}/a.h"\n', "lets main")

    def test_every_folder_has_a_layer(self):
        self.refused("src/misc/a.cc", "", "'misc'")

    def test_includes_start_at_the_root(self):
        self.refused("src/base/a.cc", '#include "time.h"\n', 'write "base/time.h"')

    def test_words_are_refused_in_pure_layers_with_what_is_right(self):
        for text, what in (
            ("auto t = std::chrono::steady_clock::now();", "a clock"),
            ("auto t = ::time(nullptr);", "a clock"),
            ("#include <mutex>", "a thread or a lock"),
            ("#include <filesystem>", "a file"),
            ("auto f = fopen(path, mode);", "a file"),
            ("auto home = std::getenv(name);", "the environment"),
            ("int n = rand();", "a source of chance"),
            ("std::unordered_map<int, int> m;", "an unordered container"),
        ):
            with self.subTest(text):
                self.refused("src/tuf/a.cc", f"\n{text}\n", "a.cc:2:", what, "Instead: ")

    def test_words_are_free_above_the_pure_layers(self):
        self.accepted("src/posix/a.cc", "#include <mutex>\nauto t = ::time(nullptr);\n")

    def test_comments_and_strings_are_no_code(self):
        self.accepted(
            "src/tuf/a.cc",
            '// std::getenv\n/* #include <mutex>\n#include "agent/a.h" */\nauto s = "fopen(";\n'
            'auto r = R"(rand())";\nint n = 1\'000; auto c = \'"\'; // time(NULL)\n',
        )

    def test_calendar_types_and_variables_called_time_are_no_clock(self):
        self.accepted(
            "src/base/time.cc",
            "#include <chrono>\nconst hh_mm_ss time(second - day);\nstd::chrono::sys_days d;\n",
        )

    def test_unit_tests_may_use_seeds_and_files_but_no_clock(self):
        self.accepted("src/tuf/a_test.cc", "#include <random>\n#include <fstream>\n")
        self.refused("src/tuf/a_test.cc", "auto t = steady_clock::now();\n", "a clock")


if __name__ == "__main__":
    unittest.main()
