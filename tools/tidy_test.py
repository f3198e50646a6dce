#!/usr/bin/env python3
"""Each rule of tidy.py refuses a text that breaks it and accepts the nearest one that does not."""

import pathlib
import tempfile
import unittest

import tidy

TOP = "// A thing.\n#pragma once\n"


class Tidy(unittest.TestCase):
    def findings(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            return list(tidy.check(pathlib.Path(folder), []))

    def refused(self, path, text, line, part):
        found = self.findings(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{path}:{line}: "), found[0])
        self.assertIn(part, found[0])

    def accepted(self, path, text):
        self.assertEqual(self.findings(path, text), [])

    def test_tabs_and_spaces_at_line_ends(self):
        self.refused("a.cc", "int a;\n\tint b;\n", 2, "a tab")
        self.refused("README.md", "text \n", 1, "end of the line")
        self.refused("a.cc", "int a;", 1, "no newline")

    def test_columns_are_counted_in_characters(self):
        self.accepted("a.cc", "// " + "…" * 48 + " " + "…" * 48 + "\n")
        self.refused("a.cc", "int a = " + "1 + " * 25 + "1;\n", 1, "columns")

    def test_one_long_word_and_raw_strings_may_be_wide(self):
        self.accepted("a.cc", "// https://" + "a" * 100 + "\n")
        self.accepted("a.cc", 'auto a = R"(\n' + "a b " * 40 + 'c\n)";\n')

    def test_files_are_short(self):
        self.accepted("a.cc", "\n" * 800)
        self.refused("a.cc", "\n" * 801, 801, "split it")

    def test_functions_are_short(self):
        body = "  int a = 0;\n"
        self.accepted("a.cc", "int f() {\n" + body * 68 + "}\n")
        self.refused("a.cc", "\nint f() {\n" + body * 69 + "}\n", 2, "f has 71 lines")
        inside = "class A {\n public:\n  A(int a) : a_{a} {\n" + body * 69 + "  }\n};\n"
        self.refused("a.cc", "namespace n {\n" + inside + "}\n", 4, "A has 71 lines")
        self.accepted("a.cc", "const T kTable[] = {\n" + "  {1, f(2)},\n" * 90 + "};\n")

    def test_headers_open_with_prose_and_a_guard(self):
        self.refused("a.h", "#pragma once\n", 1, "paragraph")
        self.refused("a.h", "// A thing.\n", 1, "#pragma once")

    def test_at_most_five_parameters(self):
        self.accepted("a.h", TOP + "int f(int a, M<int, T> b, int c, int d, F<int(int)> e);\n")
        self.refused("a.h", TOP + "int f(T a, T b, T c,\n      T d, T e, T g);\n", 3, "has 6")
        self.accepted("a.h", TOP + "inline const auto kA = f(1, 2, 3, 4, 5, 6);\n")
        self.accepted("a.h", TOP + "struct A {\n  int f(T, T, T, T, T, T) override;\n};\n")

    def test_no_flags_in_public_functions(self):
        self.refused("a.h", TOP + "void f(int a, bool fast = true);\n", 3, "takes 'bool fast")
        self.accepted("a.h", TOP + "class A {\n  void f(bool fast);\n};\n")
        self.refused("a.h", TOP + "class A {\n public:\n  A(bool b);\n};\n", 5, "takes")
        self.accepted("a.h", TOP + "void f(std::function<void(bool)> g, bool& out);\n")
        self.accepted("a.h", TOP + "struct A {\n  bool a = false;\n  bool f() { return a; }\n};\n")

    def test_vague_names(self):
        self.refused("src/a/slot_manager.cc", "", 1, "'manager'")
        self.refused("a.cc", "class SlotHelper {};\n", 1, "'helper' in 'SlotHelper'")
        self.accepted("a.cc", "class Information {};\nusing std::min;\nHelper h;\n")
        self.accepted("src/server/routes.cc", "struct CheckInHandler {};\n")

    def test_unfinished_work(self):
        self.refused("a.cc", "// TO" + "DO: later\n", 1, "Finish it")
        self.accepted("a.cc", 'auto name = "state.XX' + 'XXXX";\n')

    def test_catching_everything(self):
        self.refused("a.cc", "void f() {\n  try {\n  } catch (...) {\n  }\n}\n", 3, "everything")
        self.accepted("a.cc", "// catch (...)\n")

    def test_paths_of_one_machine(self):
        self.refused("README.md", "see /wor" + "k/x\n", 1, "one machine")
        self.accepted("README.md", "see docs/wor" + "k/x\n")


if __name__ == "__main__":
    unittest.main()
