// firebreak demo
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "demo/story.h"
#include "main/firebreak.h"

namespace fb::cli {
namespace {

struct Options {
  int machines = 60;
  std::string examples = FB_EXAMPLES;
  bool keep = false;
};

// The story goes to standard error when standard output is for the result alone.
demo::Teller teller(bool json) {
  FILE* out = json ? stderr : stdout;
  const bool live = isatty(fileno(out)) != 0;
  return {[out, live](const std::string& text) {
            std::fprintf(out, "%s%s\n", live ? "\r\x1b[K" : "", text.c_str());
            std::fflush(out);
          },
          [out, live](const std::string& text) {
            if (!live) return;
            std::fprintf(out, "\r\x1b[K%.150s", text.c_str());
            std::fflush(out);
          }};
}

void keep_running(demo::Stage& stage, const demo::Teller& tell) {
  tell.line("\nIt goes on until you press Ctrl-C:");
  tell.line("  server        " + stage.server_url());
  tell.line("  publisher     firebreak --home " + stage.home() + " rollout status");
  tell.line("  one machine   firebreak-agent explain --config " +
            stage.fleet().machines().front().config());
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  const timespec pause{0, 100'000'000};
  while (sigtimedwait(&stop, nullptr, &pause) < 0) {
    if (!stage.fleet().tend().ok()) return;
  }
}

Result<publisher::Outcome> play(const Options& options, bool json) {
  std::string folder = (std::filesystem::temp_directory_path() / "firebreak-demo-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    return Error{ErrorCode::io_failed, "cannot make a folder in " + folder};
  const std::string programs =
      std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  const auto tell = teller(json);
  tell.line(
      "Firebreak demo: " + std::to_string(options.machines) +
      " machines, each a real agent with a real sensor; lab profile (seconds instead of hours)");
  demo::Stage stage({folder + "/stage", programs, options.examples, options.machines});
  FB_TRY(stage.set_up().in("setting up (see " + folder + ")"));
  auto played = demo::play(stage, tell);
  if (!played.ok()) return played.error().in("not as told (see " + folder + ")");

  tell.line("");
  tell.line(demo::table(*played));
  const auto complaints = demo::complaints(*played);
  for (const auto& each : complaints) tell.line("  NOT AS TOLD: " + each);
  if (options.keep) keep_running(stage, tell);
  stage.fleet().power_off();
  if (complaints.empty()) std::filesystem::remove_all(folder);
  publisher::Outcome outcome;
  outcome.document = demo::encode(*played);
  outcome.answer = complaints.empty() ? publisher::Answer::yes : publisher::Answer::no;
  if (complaints.empty() && !json) outcome.text = "everything went as told\n";
  return outcome;
}

}  // namespace

void register_demo(CLI::App& app, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      &app, "demo", "Sixty machines, a good update, a bad one, and what becomes of them",
      "firebreak demo --keep");
  command->add_option("--machines", options->machines, "How many")
      ->check(CLI::Range(20, 200))
      ->capture_default_str();
  command
      ->add_option("--examples", options->examples, "The folder examples/sensor of the source tree")
      ->type_name("DIR");
  command->add_flag("--keep", options->keep,
                    "Leaves everything running at the end and prints where");
  command->callback([options, &program] {
    program.chosen = [options, &program] { return play(*options, program.json); };
  });
}

}  // namespace fb::cli
