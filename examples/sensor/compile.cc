// sensor-compile: rules text in, channel file and the list of what it needs out.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "channel_codec.h"
#include "rules.h"

namespace {

constexpr int kRefused = 1;
constexpr int kUsage = 2;
constexpr int kCouldNot = 3;

struct Request {
  std::string rules_path;
  std::string channel_path;
  std::optional<std::string> needs_path;
};

std::optional<Request> parse_arguments(int argc, char** argv) {
  if (argc == 3) return Request{argv[1], argv[2], std::nullopt};
  if (argc == 5 && std::string(argv[3]) == "--needs") return Request{argv[1], argv[2], argv[4]};
  return std::nullopt;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) return std::nullopt;
  return text;
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  return !out.fail();
}

std::string needs_json(const sensor::Channel& channel, std::size_t size) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
  for (const auto& input : sensor::reads_of(channel))
    inputs.push_back({{"name", input.name}, {"reads", input.fields}});
  return nlohmann::ordered_json{{"inputs", inputs}, {"max_bytes", size}}.dump() + "\n";
}

int fail(int code, const std::string& reason) {
  std::cerr << "sensor-compile: " << reason << "\n";
  return code;
}

int compile(const Request& request) {
  const auto text = read_file(request.rules_path);
  if (!text) return fail(kCouldNot, "cannot read " + request.rules_path);
  const auto compiled = sensor::compile_rules(*text);
  if (const auto* refusal = std::get_if<sensor::Refusal>(&compiled)) {
    return fail(kRefused, request.rules_path + ": " + refusal->reason);
  }
  const auto& channel = std::get<sensor::Channel>(compiled);
  const auto bytes = sensor::encode_channel(channel);
  if (bytes.size() > sensor::kMaxChannelBytes)
    return fail(kRefused, "the channel file would be too large");
  if (!write_file(request.channel_path, {bytes.begin(), bytes.end()})) {
    return fail(kCouldNot, "cannot write " + request.channel_path);
  }
  if (request.needs_path && !write_file(*request.needs_path, needs_json(channel, bytes.size()))) {
    return fail(kCouldNot, "cannot write " + *request.needs_path);
  }
  std::cout << "channel " << channel.version << ": " << channel.rules.size() << " rules, "
            << bytes.size() << " bytes\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto request = parse_arguments(argc, argv);
  if (!request) return fail(kUsage, "usage: sensor-compile RULES OUT [--needs NEEDS]");
  return compile(*request);
}
