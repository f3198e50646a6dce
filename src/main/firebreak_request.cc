// firebreak request show|sign|import: a ceremony over files.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "main/firebreak.h"
#include "main/firebreak_passphrase.h"
#include "main/firebreak_request.h"
#include "posix/raw_file.h"
#include "posix/system_clock.h"
#include "publisher/request_words.h"

namespace fb::cli {
namespace {

using publisher::Desk;
using publisher::Outcome;

struct Options {
  std::string file, key, root = "root.json";
  std::vector<std::string> files;
  bool yes = false;
};

Result<std::string> read(const std::string& path) {
  return posix::read_file(path, publisher::kRequestBytes).in(path);
}

// The holder's own copy of a root: without it a forged request could show a world of its own.
Result<publisher::Holder> holder(const Options& options) {
  const auto root = read(options.root);
  if (root.ok()) return publisher::Holder{*root, posix::SystemClock().wall()};
  return Error{ErrorCode::bad_usage,
               options.root +
                   " cannot be read; --root names this machine's own copy of a "
                   "root.json, which came by another way than the request"};
}

Result<Outcome> show(const Options& options) {
  FB_ASSIGN(const std::string bytes, read(options.file));
  FB_ASSIGN(const auto request, publisher::decode_request(bytes));
  FB_ASSIGN(const auto own, holder(options));
  FB_ASSIGN(const auto examined, publisher::examine(request, own.own_root, own.now));
  return publisher::describe_request(request, examined);
}

// The words go to the terminal before the question, whatever --json says about the rest.
Result<bool> agreed(const Outcome& words, bool yes) {
  std::fprintf(stderr, "%s", words.text.c_str());
  if (yes) return true;
  if (isatty(STDIN_FILENO) == 0)
    return Error{ErrorCode::bad_usage,
                 "there is no terminal to ask on: read it with `firebreak "
                 "request show`, then say --yes"};
  std::fprintf(stderr, "Sign this? Type yes: ");
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar())
    line += static_cast<char>(c);
  return line == "yes";
}

Result<Outcome> sign(const Options& options) {
  FB_ASSIGN(const std::string bytes, read(options.file));
  FB_ASSIGN(const auto request, publisher::decode_request(bytes));
  FB_ASSIGN(const auto own, holder(options));
  FB_ASSIGN(const auto examined, publisher::examine(request, own.own_root, own.now));
  FB_ASSIGN(const Outcome words, publisher::describe_request(request, examined));
  FB_ASSIGN(const bool goes_on, agreed(words, options.yes));
  if (!goes_on) return Outcome{publisher::Answer::no, "nothing was signed\n"};
  FB_ASSIGN(const std::string pem, read(options.key));
  PemKeys keys;
  FB_ASSIGN(const auto signer, keys.open(pem, options.key));
  FB_ASSIGN(auto done, publisher::sign_request(request, own, *signer));
  FB_TRY(posix::write_file_atomic(options.file, publisher::encode(done.request)));
  return std::move(done.outcome);
}

Result<Outcome> import(Desk& desk, const std::vector<std::string>& files) {
  std::vector<std::string> copies;
  for (const std::string& file : files) {
    FB_ASSIGN(std::string bytes, read(file));
    copies.push_back(std::move(bytes));
  }
  return publisher::import_requests(desk, copies);
}

void add_root(CLI::App* command, const std::shared_ptr<Options>& options) {
  command->add_option("--root", options->root, "This machine's own copy of a root.json")
      ->type_name("FILE")
      ->capture_default_str();
}

}  // namespace

Result<Outcome> sign_or_write(Desk& desk, const publisher::Request& request,
                              const std::string& file) {
  if (file.empty()) return publisher::sign_here(desk, request);
  FB_TRY(posix::write_file_atomic(file, publisher::encode(request)));
  return publisher::explain_request(desk, request, file);
}

Result<std::optional<publisher::AddedKey>> read_added_key(const std::string& file) {
  if (file.empty()) return std::optional<publisher::AddedKey>();
  FB_ASSIGN(const std::string bytes, read(file));
  FB_ASSIGN(const json::Value value, json::parse(bytes).in(file));
  FB_ASSIGN(auto key, crypto::decode_key(value).in(file));
  std::string name = std::filesystem::path(file).filename().string();
  for (const char* ending : {".json", ".pub"}) {
    if (name.ends_with(ending)) name.resize(name.size() - std::string_view(ending).size());
  }
  return std::optional(publisher::AddedKey{std::move(name), std::move(key)});
}

void register_requests(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(
      app, "request", "Signing requests: files that are carried to the holders of keys and back");
  const auto options = std::make_shared<Options>();
  const auto with_file = [&](CLI::App* command) {
    command->add_option("file", options->file, "The request")->required()->type_name("FILE");
    add_root(command, options);
    return command;
  };
  CLI::App* show_command = with_file(
      add_command(noun, "show", "What a request would change, in words; needs no home, no network",
                  "firebreak request show core.request --root root.json"));
  show_command->callback(
      [&program, options] { program.chosen = [options] { return show(*options); }; });
  CLI::App* sign_command = with_file(
      add_command(noun, "sign", "Show it, ask, and add this holder's signature to the file",
                  "firebreak request sign core.request --root root.json --key core-1.pem"));
  sign_command->add_option("--key", options->key, "The holder's private key")
      ->required()
      ->type_name("FILE");
  sign_command->add_flag("--yes", options->yes, "It was read before: do not ask");
  sign_command->callback(
      [&program, options] { program.chosen = [options] { return sign(*options); }; });
  CLI::App* import_command =
      add_command(noun, "import", "Bring signed copies together; publish when all have signed",
                  "firebreak request import core.request from-ben/core.request");
  import_command->add_option("files", options->files, "One or more copies")
      ->required()
      ->type_name("FILE");
  on(import_command, program, [options](Desk& desk) { return import(desk, options->files); });
}

}  // namespace fb::cli
