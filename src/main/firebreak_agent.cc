// firebreak-agent: the program on the device. This file reads the command line.
#include "main/firebreak_agent.h"

#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/limits.h"
#include "posix/raw_file.h"

namespace fb::agent_main {

int complain(const Error& error) {
  std::fprintf(stderr, "firebreak-agent: %s\n", error.detail.c_str());
  return error.code == ErrorCode::bad_usage ? kUsage : kCouldNot;
}

Result<agent::Config> read_config(const std::string& path) {
  FB_ASSIGN(const auto text, posix::read_file(path, 1U << 20U));
  return agent::parse_config(text).in(path);
}

Result<agent::Pinned> read_pinned(const agent::Config& config) {
  agent::Pinned pinned;
  FB_ASSIGN(pinned.root, posix::read_file(config.root, limits::kRootBytes).in("root"));
  if (config.policy_key) {
    FB_ASSIGN(const auto bytes, posix::read_file(*config.policy_key, 1U << 16U).in("policy_key"));
    FB_ASSIGN(const auto value, json::parse(bytes).in(*config.policy_key));
    FB_ASSIGN(pinned.policy_key, crypto::decode_key(value).in(*config.policy_key));
  }
  if (!config.enrolment_token_file.empty()) {
    // A device that has enrolled needs it no more, so it may be gone.
    const auto token = posix::read_file(config.enrolment_token_file, 4096);
    if (token.ok())
      pinned.enrolment_token = token->substr(0, token->find_last_not_of(" \r\n\t") + 1);
  }
  utsname machine{};
  pinned.arch = uname(&machine) == 0 ? machine.machine : "unknown";
  return pinned;
}

namespace {

void add_run(CLI::App& app, RunOptions& options, int& code) {
  auto* command =
      app.add_subcommand("run", "Keeps this device's components up to date until stopped");
  command->add_option("--config", options.config, "agent.toml")->required();
  command->add_option("--boot-id", options.boot_id,
                      "another boot id than the kernel's, to model a reboot");
  command->add_flag("--verbose", options.verbose, "logs more");
  command->footer("Example: firebreak-agent run --config /etc/firebreak/agent.toml");
  command->callback([&] { code = run(options); });
}

void add_status(CLI::App& app, TellOptions& options, int& code) {
  auto* command = app.add_subcommand("status", "What runs here; needs neither server nor agent");
  command->add_option("--config", options.config, "agent.toml")->required();
  command->add_flag("--json", options.json, "one JSON document");
  command->footer("Example: firebreak-agent status --config /etc/firebreak/agent.toml --json");
  command->callback([&] { code = status(options); });
}

void add_explain(CLI::App& app, TellOptions& options, int& code) {
  auto* command = app.add_subcommand(
      "explain", "Why this device did, or did not, take a release; needs no server");
  command->add_option("--config", options.config, "agent.toml")->required();
  command->add_option("--component", options.component,
                      "only this one, for example sensor.channel");
  command->add_flag("--json", options.json, "one JSON document");
  command->footer(
      "Example: firebreak-agent explain --config /etc/firebreak/agent.toml --component "
      "sensor.channel");
  command->callback([&] { code = explain(options); });
}

void add_provision(CLI::App& app, ProvisionOptions& options, int& code) {
  auto* command = app.add_subcommand(
      "provision", "Puts the first release of a component in place from a local repository");
  command->add_option("--config", options.config, "agent.toml")->required();
  command->add_option("--repository", options.repository, "directory with metadata/ and targets/")
      ->required();
  command->add_option("--component", options.component, "for example sensor.engine")->required();
  command->add_option("--version", options.version, "for example 7.11")->required();
  command->footer(
      "Example: firebreak-agent provision --config agent.toml --repository ./repository "
      "--component sensor.engine --version 7.11");
  command->callback([&] { code = provision(options); });
}

void add_install(CLI::App& app, InstallOptions& options, int& code) {
  auto* command = app.add_subcommand(
      "install", "Hands a bundle to the running agent of an air-gapped device; needs no server");
  command->add_option("--config", options.config, "agent.toml")->required();
  command->add_option("--bundle", options.bundle, "as `firebreak bundle export` made it")
      ->required()
      ->type_name("FILE");
  command->add_option("--wait-s", options.wait_s, "how long to watch what becomes of it")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command->add_flag("--json", options.json, "one JSON document");
  command->footer(
      "Example: firebreak-agent install --config agent.toml --bundle /media/site.bundle");
  command->callback([&] { code = install(options); });
}

}  // namespace
}  // namespace fb::agent_main

int main(int argc, char** argv) {
  using namespace fb::agent_main;
  CLI::App app(
      "firebreak-agent keeps one device up to date, and keeps a bad update from taking it down.");
  app.require_subcommand(1);
  app.footer("Exit codes: 0 yes, 1 no (with reasons), 2 wrong use, 3 could not.");
  int code = kYes;
  RunOptions run_options;
  TellOptions status_options;
  TellOptions explain_options;
  ProvisionOptions provision_options;
  InstallOptions install_options;
  add_run(app, run_options, code);
  add_status(app, status_options, code);
  add_explain(app, explain_options, code);
  add_provision(app, provision_options, code);
  add_install(app, install_options, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kYes : kUsage;
  }
  return code;
}
