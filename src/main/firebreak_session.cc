#include "main/firebreak_session.h"

#include <unistd.h>

#include <filesystem>

#include <toml++/toml.h>

#include "base/limits.h"
#include "json/reader.h"
#include "posix/directory.h"
#include "posix/raw_file.h"
#include "publisher/home.h"

namespace fb::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> find_home(const std::string& given) {
  std::error_code problem;
  const std::string name(publisher::kConfiguration);
  if (!given.empty()) {
    if (fs::exists(fs::path(given) / name, problem)) return given;
    return Error{ErrorCode::bad_usage, given + " is no home: it has no " + name +
                                           ". `firebreak init " + given + " --lab` makes one"};
  }
  for (fs::path at = fs::current_path(problem); !at.empty(); at = at.parent_path()) {
    if (fs::exists(at / name, problem)) return at.string();
    if (at == at.root_path()) break;
  }
  return Error{
      ErrorCode::bad_usage,
      "no " + name +
          " here or above: go to a home, name one with --home or FIREBREAK_HOME, or make one "
          "with `firebreak init DIR --lab`"};
}

std::string trimmed(std::string text) {
  while (!text.empty() &&
         (text.back() == '\n' || text.back() == '\r' || text.back() == ' ' || text.back() == '/'))
    text.pop_back();
  return text;
}

Result<toml::table> parse(const std::string& text) {
  try {
    return toml::table(toml::parse(text));
  } catch (const toml::parse_error& problem) {
    return Error{ErrorCode::bad_usage, "firebreak.toml, line " +
                                           std::to_string(problem.source().begin.line) + ": " +
                                           std::string(problem.description())};
  }
}

Status refuse_unknown_keys(const toml::table& table) {
  const std::vector<std::string> known{"server", "server_url_file", "api_token_file", "profile"};
  for (const auto& [key, node] : table) {
    const std::string text(key.str());
    if (std::find(known.begin(), known.end(), text) != known.end()) continue;
    const std::string near = json::nearest(text, known);
    return Error{ErrorCode::bad_usage, "firebreak.toml: '" + text + "' is not a known key" +
                                           (near.empty() ? "" : "; did you mean '" + near + "'?")};
  }
  return {};
}

// A server that chose its port itself wrote its URL down; "" before it ran for the first time.
std::string server_url(port::Files& home, const toml::table& table) {
  const std::string url = table["server"].value_or(std::string());
  const std::string url_file = table["server_url_file"].value_or(std::string());
  if (!url.empty() || url_file.empty()) return trimmed(url);
  const auto written = home.read(url_file, limits::kTextBytes);
  return written.ok() ? trimmed(*written) : "";
}

Result<publisher::ServerAddress> read_address(port::Files& home) {
  FB_ASSIGN(const std::string text,
            publisher::read_text(home, std::string(publisher::kConfiguration)));
  FB_ASSIGN(const toml::table table, parse(text));
  FB_TRY(refuse_unknown_keys(table));
  const std::string token_file = table["api_token_file"].value_or(std::string());
  // Without the token everything offline still works; the server will say what is missing.
  const auto token = token_file.empty() ? Result<std::string>(std::string())
                                        : home.read(token_file, limits::kTextBytes);
  return publisher::ServerAddress{server_url(home, table), token.ok() ? trimmed(*token) : ""};
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::string& given) {
  FB_ASSIGN(const std::string path, find_home(given));
  FB_ASSIGN(auto home, posix::open_directory(path));
  FB_ASSIGN(auto address, read_address(*home));
  return std::unique_ptr<Session>(new Session(std::move(home), std::move(address)));
}

}  // namespace fb::cli
