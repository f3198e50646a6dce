// firebreak release sign|submit|show|list; `create` and the bans have files of their own.
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

}  // namespace

void register_releases(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(app, "release",
                            "Releases: create, sign, submit, show, list, revoke, floor, unblock");
  register_create(noun, program);
  register_bans(noun, program);
  const auto options = std::make_shared<Options>();

  CLI::App* sign_command =
      add_command(noun, "sign", "Sign a draft with the keys of the role that owns its kind",
                  "firebreak release sign sensor.channel-291");
  sign_command->add_option("draft", options->draft, "As `release create` named it")->required();
  sign_command
      ->add_option("--request", options->request,
                   "Write a request for the holders instead of signing with the keys that lie here")
      ->type_name("FILE");
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
