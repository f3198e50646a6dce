#include "main/firebreak_passphrase.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "keyfile/keyfile.h"
#include "pkcs11/token.h"

namespace fb::cli {
namespace {

constexpr const char* kVariable = "FIREBREAK_PASSPHRASE";
constexpr const char* kPinVariable = "FIREBREAK_PIN";

// Echo off for as long as this lives.
class Silence {
 public:
  explicit Silence(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  ~Silence() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int terminal_;
  bool changed_ = false;
  termios before_{};
};

Result<std::string> ask(const std::string& prompt, const char* variable = kVariable) {
  if (isatty(STDIN_FILENO) == 0) {
    return Error{ErrorCode::bad_usage,
                 prompt + " is needed, and there is no terminal to ask on: set " + variable};
  }
  const Silence silence(STDIN_FILENO);
  std::fprintf(stderr, "%s: ", prompt.c_str());
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar())
    line += static_cast<char>(c);
  std::fputc('\n', stderr);
  if (line.empty()) return Error{ErrorCode::bad_usage, prompt + ": nothing was entered"};
  return line;
}

std::optional<std::string> from_environment(const char* variable = kVariable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

bool is_encrypted(std::string_view pem) {
  return pem.find("ENCRYPTED PRIVATE KEY") != std::string_view::npos;
}

}  // namespace

Result<std::string> PemKeys::new_passphrase() {
  if (known_) return *known_;
  if (auto given = from_environment()) return *(known_ = given);
  FB_ASSIGN(std::string first, ask("passphrase for the new keys"));
  FB_ASSIGN(const std::string second, ask("the same passphrase again"));
  if (first != second)
    return Error{ErrorCode::bad_usage, "the two passphrases differ; nothing was made"};
  known_ = std::move(first);
  return *known_;
}

Result<std::string> PemKeys::passphrase_for(std::string_view what) {
  if (known_) return *known_;
  if (auto given = from_environment()) return *(known_ = given);
  FB_ASSIGN(std::string given, ask("passphrase for " + std::string(what)));
  known_ = std::move(given);
  return *known_;
}

Result<publisher::NewKey> PemKeys::generate(publisher::Protection protection) {
  std::string passphrase;
  if (protection == publisher::Protection::passphrase) {
    FB_ASSIGN(passphrase, new_passphrase());
  }
  FB_ASSIGN(auto made, keyfile::generate(crypto::KeyType::ed25519, passphrase));
  return publisher::NewKey{std::move(made.pem), std::move(made.key)};
}

Result<std::string> PemKeys::pin_for(const std::string& uri) {
  if (pin_) return *pin_;
  if (auto given = from_environment(kPinVariable)) return *(pin_ = given);
  FB_ASSIGN(std::string given, ask("PIN for " + uri, kPinVariable));
  pin_ = std::move(given);
  return *pin_;
}

Result<publisher::NewKey> PemKeys::generate_in_token(const std::string& uri, crypto::KeyType type) {
  FB_ASSIGN(const std::string pin, pin_for(uri));
  FB_ASSIGN(auto key, pkcs11::generate(uri, type, pin));
  return publisher::NewKey{uri + "\n", std::move(key)};
}

Result<std::unique_ptr<crypto::Signer>> PemKeys::open(std::string_view pem, std::string_view what) {
  if (pem.starts_with(pkcs11::kScheme)) {
    const std::string uri(pem.substr(0, pem.find_first_of("\r\n")));
    FB_ASSIGN(const std::string pin, pin_for(uri));
    return pkcs11::open_signer(uri, pin).in(what);
  }
  if (!is_encrypted(pem)) return keyfile::load_signer(pem, "").in(what);
  FB_ASSIGN(const std::string passphrase, passphrase_for(what));
  auto signer = keyfile::load_signer(pem, passphrase);
  // People choose their own passphrases: the next key may have another one than the last.
  if (!signer.ok() && signer.error().code == ErrorCode::unauthenticated && !from_environment())
    known_.reset();
  return std::move(signer).in(what);
}

}  // namespace fb::cli
