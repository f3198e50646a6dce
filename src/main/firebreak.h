// The program `firebreak`: options that every command has, the command that was chosen, and how its
// outcome is shown.
//
// Each firebreak_<noun>.cc registers the commands of one noun. A command's options live as long as
// the parser.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"

namespace fb::cli {

struct Program {
  bool json = false;
  std::string home;  // as given; "": find one
  std::function<Result<publisher::Outcome>()> chosen;
};

// Afterwards: whether what `check` needs offline is brought up to date when the command has
// succeeded.
enum class Afterwards : std::uint8_t { nothing, sync };
using Run = std::function<Result<publisher::Outcome>(publisher::Desk&)>;
// Makes `run` what happens when `command` is on the command line, with the desk of the home that
// was found.
void on(CLI::App* command, Program& program, Run run, Afterwards afterwards = Afterwards::nothing);

// For a command that needs a home only sometimes: what `program.chosen` becomes when it does.
std::function<Result<publisher::Outcome>()> at_home(const Program& program, Run run);

// A verb of a noun, with one example under its help.
CLI::App* add_command(CLI::App* parent, const std::string& name, const std::string& what,
                      const std::string& example);
// --as and --reason: who signs it, and why, for the log.
void add_person(CLI::App* command, std::string& person, std::string& reason);
// CLI::Range for numbers that are not whole: it asks what is below and what is above, and nan,
// which is neither, passes.
CLI::Validator number_within(double least, double most);
// A noun; one of its verbs has to follow.
CLI::App* add_noun(CLI::App& app, const std::string& name, const std::string& what);

void register_init(CLI::App& app, Program& program);
void register_keys(CLI::App& app, Program& program);
// rotate, revoke and renew, below the noun `key`.
void register_key_changes(CLI::App* noun, Program& program);
// revoke, floor and unblock, below the noun `release`.
void register_bans(CLI::App* noun, Program& program);
void register_trust(CLI::App& app, Program& program);
void register_requests(CLI::App& app, Program& program);
void register_releases(CLI::App& app, Program& program);
void register_check(CLI::App& app, Program& program);
void register_acts(CLI::App& app, Program& program);
void register_evidence(CLI::App& app, Program& program);
void register_rollouts(CLI::App& app, Program& program);
void register_devices(CLI::App& app, Program& program);
void register_policies(CLI::App& app, Program& program);
void register_log(CLI::App& app, Program& program);
void register_bundles(CLI::App& app, Program& program);
void register_bundle_export(CLI::App* noun, Program& program);
void register_simulate(CLI::App& app, Program& program);
void register_demo(CLI::App& app, Program& program);

// One sentence about what is wrong with the command line, with the near word where there is one.
std::string usage_problem(CLI::App& app, const CLI::ParseError& problem);

}  // namespace fb::cli
