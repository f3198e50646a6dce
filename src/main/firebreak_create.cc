#include "main/firebreak_create.h"

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/limits.h"
#include "posix/raw_file.h"
#include "publisher/draft.h"

namespace fb::cli {
namespace {

struct Options {
  std::string component, kind, version, cls = "feature", author = "author", reader;
  std::vector<std::string> artifacts;
  std::string needs, contract, definition;
  std::string what, why, risk, undo;
  std::int64_t probation_ms = 900'000;
  std::int64_t longest_fault_delay_ms = 0;
  std::int64_t restarts = 1;
  bool one_way = false;
};

template <class E>
Result<E> word_of(const std::string& option, const std::string& text,
                  const std::vector<std::pair<std::string_view, E>>& words) {
  std::string legal;
  for (const auto& [word, meaning] : words) {
    if (word == text) return meaning;
    legal += (legal.empty() ? "" : ", ") + std::string(word);
  }
  return Error{ErrorCode::bad_usage, option + " '" + text + "' is none of: " + legal};
}

// What a person typed wrongly is wrong use, whatever parser noticed.
template <class T>
Result<T> typed(Result<T> parsed, const std::string& option) {
  if (parsed.ok()) return parsed;
  return Error{ErrorCode::bad_usage, option + ": " + parsed.error().detail};
}

Status read_optional(const std::string& path, std::optional<std::string>& into) {
  if (path.empty()) return {};
  FB_ASSIGN(into, posix::read_file(path, limits::kJsonBytes).in(path));
  return {};
}

Result<publisher::DraftArtifact> read_artifact(const std::string& path) {
  FB_ASSIGN(std::string bytes, posix::read_file(path, publisher::kDraftArtifactBytes).in(path));
  return publisher::DraftArtifact{std::filesystem::path(path).filename().string(), std::move(bytes),
                                  access(path.c_str(), X_OK) == 0};
}

Result<release::Manifest> describe(const Options& options, Instant now) {
  release::Manifest manifest;
  FB_ASSIGN(manifest.component, typed(ComponentId::parse(options.component), "--component"));
  FB_ASSIGN(manifest.kind, word_of("--kind", options.kind, release::kind_words()));
  FB_ASSIGN(manifest.version, typed(release::parse_version(options.version), "--version"));
  FB_ASSIGN(manifest.cls, word_of("--class", options.cls, release::class_words()));
  FB_ASSIGN(manifest.author, typed(PersonId::parse(options.author), "--author"));
  if (!options.reader.empty()) {
    FB_ASSIGN(manifest.reader, typed(ComponentId::parse(options.reader), "--reader"));
  }
  manifest.created = now;
  manifest.notes = {options.what, options.why, options.risk, options.undo};
  manifest.health.probation = milliseconds(options.probation_ms);
  manifest.health.restarts = static_cast<int>(options.restarts);
  manifest.health.longest_fault_delay = milliseconds(options.longest_fault_delay_ms);
  manifest.one_way = options.one_way;
  return manifest;
}

Result<publisher::Outcome> create(publisher::Desk& desk, const Options& options) {
  publisher::DraftOrder order;
  FB_ASSIGN(order.described, describe(options, desk.clock.wall()));
  for (const std::string& path : options.artifacts) {
    FB_ASSIGN(auto artifact, read_artifact(path));
    order.artifacts.push_back(std::move(artifact));
  }
  FB_TRY(read_optional(options.needs, order.needs));
  FB_TRY(read_optional(options.contract, order.contract));
  FB_TRY(read_optional(options.definition, order.definition));
  FB_ASSIGN(const auto draft, publisher::compose_draft(order));
  FB_TRY(publisher::save_draft(desk.home, draft));
  return publisher::describe_draft(draft);
}

void add_options(CLI::App* command, const std::shared_ptr<Options>& options) {
  command->add_option("--component", options->component, "What is updated")
      ->required()
      ->type_name("PRODUCT.COMPONENT");
  command->add_option("--kind", options->kind, "core, content, config or flags")
      ->required()
      ->type_name("KIND");
  command->add_option("--version", options->version, "Used once")->required()->type_name("V");
  command->add_option("--class", options->cls, "feature, fix, security or emergency")
      ->type_name("CLASS")
      ->capture_default_str();
  command->add_option("--author", options->author, "Who made it; never counts as an approver")
      ->type_name("PERSON")
      ->envname("FIREBREAK_PERSON")
      ->capture_default_str();
  command
      ->add_option("--artifact", options->artifacts,
                   "A file of the release; may be given several times")
      ->required()
      ->type_name("FILE");
  const auto text = [command](auto name, auto& into, auto type, auto what) {
    command->add_option(name, into, what)->type_name(type);
  };
  text("--reader", options->reader, "PRODUCT.COMPONENT", "The core that interprets this content");
  text("--needs", options->needs, "FILE", "What this content reads of its reader's inputs");
  text("--contract", options->contract, "FILE", "What this core build supplies");
  text("--definition", options->definition, "FILE", "How this core is run, probed and tried");
  text("--what", options->what, "TEXT", "What changes");
  text("--why", options->why, "TEXT", "Why it goes out");
  text("--risk", options->risk, "TEXT", "What could go wrong");
  text("--undo", options->undo, "TEXT", "How it is taken back");
  constexpr std::int64_t kMonth = 2'592'000'000;
  const auto number = [command](auto name, auto& into, CLI::Range range, auto what) {
    command->add_option(name, into, what)->check(range)->type_name("N")->capture_default_str();
  };
  number("--probation-ms", options->probation_ms, {std::int64_t{100}, kMonth},
         "From activation to last-known-good");
  number("--restarts", options->restarts, {0, 100}, "Crashes tolerated in that time");
  number("--longest-fault-delay-ms", options->longest_fault_delay_ms, {std::int64_t{0}, kMonth},
         "The oldest age at which a fault is known to show; the rollout watches so long");
  command->add_flag("--one-way", options->one_way,
                    "Cannot go back once activated; needs a second approver");
}

}  // namespace

void register_create(CLI::App* noun, Program& program) {
  CLI::App* command = add_command(
      noun, "create", "Make a draft: digest the files, write the manifest",
      "firebreak release create --component sensor.channel --kind content --version 290 \\\n"
      "    --artifact channel.bin --needs needs.json --reader sensor.engine \\\n"
      "    --what 'new rules' --why 'new attacks' --risk 'false alarms' --undo 'back to 289'");
  const auto options = std::make_shared<Options>();
  add_options(command, options);
  on(command, program, [options](publisher::Desk& desk) { return create(desk, *options); });
}

}  // namespace fb::cli
