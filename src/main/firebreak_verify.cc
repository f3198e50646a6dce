// firebreak-verify: whether an evidence pack holds, from a root of trust down. Needs nothing but
// two files, and is made of nothing but the rooms below pack/.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "base/limits.h"
#include "json/json.h"
#include "pack/verify.h"

namespace {

using namespace fb;

struct Options {
  std::string pack;
  std::string root;
  bool json = false;
};

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) return Error{ErrorCode::io_failed, path + " cannot be read"};
  if (bytes.size() <= max_bytes) return bytes;
  return Error{ErrorCode::too_large, path + " has " + std::to_string(bytes.size()) +
                                         " bytes; at most " + std::to_string(max_bytes) +
                                         " are read"};
}

void show(const pack::Verdict& verdict, bool as_json) {
  if (as_json) {
    json::Value faults = json::Value::array();
    for (const auto& each : verdict.faults) {
      faults.push_back({{"entry", each.entry ? json::Value(*each.entry) : json::Value()},
                        {"because", each.sentence}});
    }
    const json::Value document{
        {"verified", verdict.faults.empty()}, {"faults", faults}, {"story", verdict.story}};
    std::puts(json::compact(document).c_str());
    return;
  }
  for (const std::string& line : verdict.story) std::puts(line.c_str());
  for (const auto& each : verdict.faults) std::printf("FAULT %s\n", each.sentence.c_str());
  std::puts(verdict.faults.empty() ? "this pack holds: every signature and every proof in it"
                                   : "this pack does NOT hold");
}

Result<pack::Verdict> judge(const Options& options) {
  FB_ASSIGN(const std::string root, read_file(options.root, limits::kRootBytes));
  FB_ASSIGN(const std::string bytes, read_file(options.pack, limits::kPackBytes));
  const auto decoded = pack::decode_pack(bytes);
  if (decoded.ok()) return pack::verify(*decoded, root);
  return pack::Verdict{{{std::nullopt, options.pack + ": " + decoded.error().detail}}, {}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Verifies an evidence pack offline. Exit code 0: it holds; 1: it does not, with the log "
      "entry at fault; 2: wrong use; 3: a file cannot be read.\n\nExample:\n  firebreak log pack "
      "sensor.channel 290 --out pack.json\n  firebreak-verify pack.json --root root.json"};
  Options options;
  app.add_option("pack", options.pack, "The pack")->required()->type_name("FILE");
  app.add_option("--root", options.root, "A root.json that you have by other means")
      ->required()
      ->type_name("FILE");
  app.add_flag("--json", options.json, "One JSON document instead of lines");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto verdict = judge(options);
  if (!verdict.ok()) {
    std::fprintf(stderr, "firebreak-verify: %s\n", verdict.error().detail.c_str());
    return 3;
  }
  show(*verdict, options.json);
  return verdict->faults.empty() ? 0 : 1;
}
