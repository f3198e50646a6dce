// firebreak release sign|submit|mark-released|show|list; `create` and the bans have files of their
// own.
#include <memory>

#include "main/firebreak.h"
#include "main/firebreak_create.h"
#include "main/firebreak_request.h"
#include "publisher/release_view.h"
#include "publisher/signing.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::string draft, request;
  std::vector<std::string> release;
  bool unproven = false;
};

Result<publisher::Outcome> sign(Desk& desk, const Options& options) {
  FB_ASSIGN(const auto draft, publisher::load_draft(desk.home, options.draft));
  if (options.request.empty()) return publisher::sign_draft(desk, draft);
  FB_ASSIGN(const auto request, publisher::request_release(desk, draft));
  return sign_or_write(desk, request, options.request);
}

Result<publisher::Outcome> submit(Desk& desk, const std::string& name) {
  FB_ASSIGN(const auto draft, publisher::load_draft(desk.home, name));
  return publisher::submit_draft(desk, draft);
}

// The mark opens the road to machines that nobody can stop from here: it comes last.
Result<publisher::Outcome> mark_released(Desk& desk, const Options& options) {
  FB_ASSIGN(const json::Value view, publisher::find_release(desk.server, options.release));
  if (!options.unproven) {
    FB_ASSIGN(const std::string doubt, publisher::find_doubt(desk.server, view));
    if (!doubt.empty()) {
      return publisher::Outcome{publisher::Answer::no,
                                "not marked: " + doubt + ". --unproven marks it all the same\n",
                                {{"marked", false}, {"reason", doubt}}};
    }
  }
  FB_ASSIGN(const auto request, publisher::request_mark(desk, view));
  return sign_or_write(desk, request, options.request);
}

void add_request(CLI::App* command, const std::shared_ptr<Options>& options) {
  command
      ->add_option("--request", options->request,
                   "Write a request for the holders instead of signing with the keys that lie here")
      ->type_name("FILE");
}

void register_mark_released(CLI::App* noun, Program& program,
                            const std::shared_ptr<Options>& options) {
  CLI::App* command = add_command(
      noun, "mark-released",
      "Sign that a release is proven: air-gapped machines may start it without a permit",
      "firebreak release mark-released sensor.channel 291");
  command
      ->add_option("release", options->release, "Digest, its beginning, or component and version")
      ->required()
      ->expected(1, 2);
  command->add_flag("--unproven", options->unproven,
                    "Though no rollout of it has completed; its gates must be open all the same");
  add_request(command, options);
  on(
      command, program, [options](Desk& desk) { return mark_released(desk, *options); },
      Afterwards::sync);
}

}  // namespace

void register_releases(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(
      app, "release", "Releases: create, sign, submit, mark, show, list, revoke, floor, unblock");
  register_create(noun, program);
  register_bans(noun, program);
  const auto options = std::make_shared<Options>();

  CLI::App* sign_command =
      add_command(noun, "sign", "Sign a draft with the keys of the role that owns its kind",
                  "firebreak release sign sensor.channel-291");
  sign_command->add_option("draft", options->draft, "As `release create` named it")->required();
  add_request(sign_command, options);
  on(
      sign_command, program, [options](Desk& desk) { return sign(desk, *options); },
      Afterwards::sync);

  CLI::App* submit_command =
      add_command(noun, "submit", "Upload a signed draft; the server verifies it as a device would",
                  "firebreak release submit sensor.channel-291");
  submit_command->add_option("draft", options->draft, "As `release create` named it")->required();
  on(
      submit_command, program, [options](Desk& desk) { return submit(desk, options->draft); },
      Afterwards::sync);

  register_mark_released(noun, program, options);

  CLI::App* show = add_command(noun, "show", "One release: notes, gates, approvals, rollouts",
                               "firebreak release show sensor.channel 291");
  show->add_option("release", options->release, "Digest, its beginning, or component and version")
      ->required()
      ->expected(1, 2);
  on(
      show, program,
      [options](Desk& desk) { return publisher::show_release(desk.server, options->release); },
      Afterwards::sync);

  CLI::App* list = add_command(noun, "list", "Every release that the server has",
                               "firebreak release list --json");
  on(
      list, program, [](Desk& desk) { return publisher::list_releases(desk.server); },
      Afterwards::sync);
}

}  // namespace fb::cli
