#include "publisher/openpgp.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "statement/evidence.h"

namespace fb::publisher {
namespace {

constexpr std::string_view kStatus = "[GNUPG:] ";
constexpr std::string_view kSpoken = "gpgv: ";
// port::RunResult keeps so much of what a program says; where it is full, something is missing.
constexpr std::size_t kOutputBytes = 4096;
// VALIDSIG <fingerprint> <date> <time> <expires> <version> <reserved> <algorithm> <hash> <class>
// <primary key's fingerprint>
constexpr std::size_t kClass = 9;
constexpr std::size_t kPrimary = 10;

// What gpgv said: its status lines by keyword, each as words, and its last sentence for people.
struct Said {
  std::map<std::string, std::vector<std::vector<std::string>>> status;
  std::string sentence;

  [[nodiscard]] std::size_t count(const std::string& keyword) const {
    const auto it = status.find(keyword);
    return it == status.end() ? 0 : it->second.size();
  }
};

Said listen(const std::string& output) {
  Said said;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kSpoken)) said.sentence = line.substr(kSpoken.size());
    if (!line.starts_with(kStatus)) continue;
    std::istringstream text(line.substr(kStatus.size()));
    std::vector<std::string> words;
    for (std::string word; text >> word;) words.push_back(word);
    if (!words.empty()) said.status[words.front()].push_back(words);
  }
  return said;
}

// Why the run itself says nothing; "" when it does.
std::string trouble(const port::RunResult& run) {
  if (run.timed_out) return "gpgv did not end within " + in_words(limits::kGpgvTime);
  if (run.exit.signal != 0) return "gpgv ended by " + run.exit.in_words();
  if (run.output.size() >= kOutputBytes) return "gpgv said more than anybody will read";
  return "";
}

// Keywords of signatures that are not good, in the order of what is worst.
const std::vector<std::pair<std::string, std::string>>& bad_keywords() {
  static const std::vector<std::pair<std::string, std::string>> kWords{
      {"BADSIG", "it is not a signature over these bytes"},
      {"NO_PUBKEY", "its key is not in the keyring"},
      {"REVKEYSIG", "its key was revoked"},
      {"EXPKEYSIG", "its key has expired"},
      {"EXPSIG", "it has expired"},
      {"ERRSIG", "gpgv cannot check it"}};
  return kWords;
}

// Why these are not the status lines of one good signature; "" when they are.
std::string objection(const Said& said, const port::RunResult& run) {
  const std::string quoted = said.sentence.empty() ? "" : "; gpgv says: " + said.sentence;
  for (const auto& [keyword, reason] : bad_keywords()) {
    if (said.count(keyword) != 0) return reason + quoted;
  }
  if (run.exit.code != 0) return "gpgv ended with " + run.exit.in_words() + quoted;
  if (said.count("NEWSIG") != 1 || said.count("GOODSIG") != 1 || said.count("VALIDSIG") != 1)
    return "exactly one signature is expected, not " + std::to_string(said.count("NEWSIG"));
  const auto& valid = said.status.at("VALIDSIG").front();
  if (valid.size() <= kPrimary) return "gpgv does not tell the key's fingerprint";
  if (valid[kClass] != "00") return "it was made over text, not over bytes: leave out --textmode";
  return "";
}

}  // namespace

OpenPgpVerdict read_gpgv(const port::RunResult& run) {
  if (std::string reason = trouble(run); !reason.empty()) return {"", std::move(reason)};
  const Said said = listen(run.output);
  if (std::string reason = objection(said, run); !reason.empty()) return {"", std::move(reason)};
  return {said.status.at("VALIDSIG").front()[kPrimary], ""};
}

Result<OpenPgpVerdict> OpenPgp::verify(const Question& question) {
  FB_TRY(statement::check_armor(question.signature).in("the signature"));
  if (question.keyring.starts_with("-----BEGIN")) {
    return Error{ErrorCode::bad_usage,
                 "gpgv reads no armored keyring; `gpg --export KEY >keys.gpg` writes one"};
  }
  const std::string place = "cache/openpgp-" + to_hex(entropy_.bytes(8));
  const std::string signature = place + "/signature.asc", content = place + "/content",
                    keyring = place + "/keys.gpg";
  Status written = files_.write_atomic(signature, question.signature);
  if (written.ok()) written = files_.write_atomic(content, question.content);
  if (written.ok()) written = files_.write_atomic(keyring, question.keyring);
  // SHA-1 is refused: collisions are made to order.
  const auto result = !written.ok()
                          ? Result<port::RunResult>(written.error())
                          : run({"--homedir", files_.absolute(place), "--keyring",
                                 files_.absolute(keyring), "--weak-digest", "SHA1", "--status-fd",
                                 "1", "--", files_.absolute(signature), files_.absolute(content)});
  FB_TRY(files_.remove(place));
  if (!result.ok()) return result.error();
  return read_gpgv(*result);
}

Result<std::string> OpenPgp::version() {
  FB_ASSIGN(const auto result, run({"--version"}));
  const std::string line = result.output.substr(0, result.output.find('\n'));
  if (line.starts_with("gpgv ") && line.size() <= 100) return line;
  return Error{ErrorCode::unsupported, "`gpgv --version` does not say what it is"};
}

Result<port::RunResult> OpenPgp::run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "gpgv");
  port::RunLimits bounds;
  bounds.wall = limits::kGpgvTime;
  bounds.cpu = limits::kGpgvTime;
  auto result = sandbox_.run({std::move(arguments), {}}, bounds);
  if (result.ok() || result.error().code != ErrorCode::not_found) return result;
  return Error{ErrorCode::not_found, result.error().detail + "; the Debian package `gpgv` has it"};
}

}  // namespace fb::publisher
