// firebreak: the publisher's, operator's and auditor's command line.
//
// Exit codes: 0 yes, 1 no with reasons, 2 wrong use, 3 could not.
#include "main/firebreak.h"

#include <cstdio>

#include "json/json.h"

namespace {

using fb::ErrorCode;
using fb::publisher::Answer;
using fb::publisher::Outcome;

enum ExitCode : int { kYes = 0, kNo = 1, kUsage = 2, kCouldNot = 3 };

// A server that refuses because of the state of things has said "no"; everything else is "could
// not".
int exit_code(ErrorCode code) {
  if (code == ErrorCode::bad_usage) return kUsage;
  return code == ErrorCode::conflict || code == ErrorCode::forbidden ? kNo : kCouldNot;
}

void print(const std::string& text, std::FILE* to) {
  if (std::fwrite(text.data(), 1, text.size(), to) != text.size()) std::perror("firebreak: output");
}

int fail(const fb::Error& error, const fb::cli::Program& program) {
  if (program.json) {
    print(fb::json::pretty({{"error", {{"code", fb::name(error.code)}, {"detail", error.detail}}}}),
          stdout);
  }
  print("firebreak: " + error.detail + "\n", stderr);
  return exit_code(error.code);
}

int show(const Outcome& outcome, const fb::cli::Program& program) {
  if (!program.json)
    print(outcome.text, stdout);
  else if (!outcome.document.is_null())
    print(fb::json::pretty(outcome.document), stdout);
  return outcome.answer == Answer::yes ? kYes : kNo;
}

void describe(CLI::App& app, fb::cli::Program& program) {
  app.name("firebreak");
  app.description("Ships updates to fleets so that a bad one cannot take the fleet down.");
  app.footer(
      "Exit codes: 0 yes, 1 no with reasons, 2 wrong use, 3 could not.\nStart here: firebreak init "
      "lab --lab");
  app.set_version_flag("--version", "firebreak " FB_VERSION);
  app.add_flag("--json", program.json, "One JSON document on standard output");
  app.add_option("--home", program.home,
                 "The publisher's home; else the nearest firebreak.toml upwards")
      ->type_name("DIR")
      ->envname("FIREBREAK_HOME");
  app.require_subcommand(1);
  app.fallthrough();
}

void register_all(CLI::App& app, fb::cli::Program& program) {
  using namespace fb::cli;
  register_init(app, program);
  register_keys(app, program);
  register_trust(app, program);
  register_requests(app, program);
  register_releases(app, program);
  register_check(app, program);
  register_acts(app, program);
  register_evidence(app, program);
  register_rollouts(app, program);
  register_devices(app, program);
  register_policies(app, program);
  register_log(app, program);
  register_bundles(app, program);
  register_simulate(app, program);
  register_demo(app, program);
}

int wrong_use(CLI::App& app, const CLI::ParseError& problem, const fb::cli::Program& program) {
  if (problem.get_exit_code() == 0) return app.exit(problem);  // --help, --version
  return fail({ErrorCode::bad_usage, fb::cli::usage_problem(app, problem)}, program);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app;
  fb::cli::Program program;
  describe(app, program);
  register_all(app, program);
  app.set_help_all_flag("--help-all", "Help for every command");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return wrong_use(app, problem, program);
  }
  const auto outcome = program.chosen();
  return outcome.ok() ? show(*outcome, program) : fail(outcome.error(), program);
}
