// Commands on the command line: how they are declared, and what is said when one is not known.
#include <cstdlib>

#include <fmt/format.h>

#include "json/reader.h"
#include "main/firebreak.h"
#include "main/firebreak_session.h"
#include "publisher/sync.h"

namespace fb::cli {
namespace {

CLI::App* deepest_parsed(CLI::App& app) {
  CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return at;
}

std::vector<std::string> known_words(CLI::App* at, bool options) {
  std::vector<std::string> words;
  for (; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      if (options) words.push_back(option->get_name());
    }
    for (const CLI::App* sub : at->get_subcommands({})) {
      if (!options) words.push_back(sub->get_name());
    }
    if (!options) break;
  }
  return words;
}

std::string full_name(const CLI::App* at) {
  const CLI::App* parent = at->get_parent();
  return parent == nullptr ? at->get_name() : full_name(parent) + " " + at->get_name();
}

Result<publisher::Outcome> run_at_home(const Program& program, const Run& run,
                                       Afterwards afterwards) {
  FB_ASSIGN(const auto session, Session::open(program.home));
  auto outcome = run(session->desk());
  if (!outcome.ok() || afterwards == Afterwards::nothing) return outcome;
  // The command has done its work; when the fleet cannot be asked now, the next check tells how old
  // its knowledge is.
  static_cast<void>(publisher::sync(session->desk()).ok());
  return outcome;
}

}  // namespace

void on(CLI::App* command, Program& program, Run run, Afterwards afterwards) {
  command->callback([&program, run = std::move(run), afterwards] {
    program.chosen = [&program, run, afterwards] { return run_at_home(program, run, afterwards); };
  });
}

std::function<Result<publisher::Outcome>()> at_home(const Program& program, Run run) {
  return
      [&program, run = std::move(run)] { return run_at_home(program, run, Afterwards::nothing); };
}

CLI::App* add_command(CLI::App* parent, const std::string& name, const std::string& what,
                      const std::string& example) {
  CLI::App* command = parent->add_subcommand(name, what);
  command->footer("Example:\n  " + example);
  return command;
}

void add_person(CLI::App* command, std::string& person, std::string& reason) {
  command->add_option("--as", person, "Whose key signs")
      ->required()
      ->type_name("PERSON")
      ->envname("FIREBREAK_PERSON");
  command->add_option("--reason", reason, "For those who read the log later")->type_name("TEXT");
}

CLI::App* add_noun(CLI::App& app, const std::string& name, const std::string& what) {
  CLI::App* noun = app.add_subcommand(name, what);
  noun->require_subcommand(1);
  return noun;
}

CLI::Validator number_within(double least, double most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (*end == '\0' && value >= least && value <= most) return "";
    return fmt::format("{} is not a number from {:g} to {:g}", text, least, most);
  };
  return {check, fmt::format("{:g} to {:g}", least, most)};
}

std::string usage_problem(CLI::App& app, const CLI::ParseError& problem) {
  CLI::App* at = deepest_parsed(app);
  const std::string help = "; see " + full_name(at) + " --help";
  const auto unknown = app.remaining(true);
  if (unknown.empty()) return problem.what() + help;
  const std::string word = unknown.front().substr(0, unknown.front().find('='));
  const std::string near = json::nearest(word, known_words(at, word.starts_with("-")));
  return "'" + word + "' is not known to `" + full_name(at) + "`" +
         (near.empty() ? help : "; did you mean " + near + "?");
}

}  // namespace fb::cli
