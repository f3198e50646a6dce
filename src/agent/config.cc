#include "agent/config.h"

#include <toml++/toml.h>

#include <algorithm>

#include "json/reader.h"

namespace fb::agent {
namespace {

Error wrong(const std::string& what) { return {ErrorCode::bad_usage, what}; }

// Takes values out of one table and remembers which keys the program knows.
class Table {
 public:
  Table(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::optional<std::string> text(const std::string& key) {
    known_.push_back(key);
    const auto* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto value = node->value_exact<std::string>()) return value;
    fail(key, "a string is expected");
    return std::nullopt;
  }
  std::string required(const std::string& key) {
    auto value = text(key);
    if (!value || value->empty()) fail(key, "is required");
    return value.value_or("");
  }
  std::vector<std::string> texts(const std::string& key) {
    known_.push_back(key);
    std::vector<std::string> out;
    const auto* node = table_.get(key);
    if (node == nullptr) return out;
    if (!node->is_array()) fail(key, "a list of strings is expected");
    if (problem_) return out;
    for (const auto& each : *node->as_array()) {
      if (const auto value = each.value_exact<std::string>())
        out.push_back(*value);
      else
        fail(key, "a list of strings is expected");
    }
    return out;
  }
  std::int64_t integer(const std::string& key, std::int64_t least, std::int64_t most,
                       std::int64_t otherwise) {
    known_.push_back(key);
    const auto* node = table_.get(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (value && *value >= least && *value <= most) return *value;
    fail(key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                  " is expected");
    return otherwise;
  }
  // Calls `read` with the table at `key`, if there is one.
  void table(const std::string& key, const std::function<void(Table&)>& read) {
    known_.push_back(key);
    const auto* node = table_.get(key);
    if (node == nullptr) return;
    if (!node->is_table()) return fail(key, "a table is expected: [" + key + "]");
    Table inner(*node->as_table(), key + ".");
    read(inner);
    if (const Status done = inner.done(); !done.ok() && !problem_) problem_ = done.error();
  }
  // Calls `each` with every table at `key`.
  void tables(const std::string& key,
              const std::function<Status(const std::string&, Table&)>& each) {
    known_.push_back(key);
    const auto* node = table_.get(key);
    if (node == nullptr) return;
    if (!node->is_table()) return fail(key, "a table is expected");
    for (const auto& [name, value] : *node->as_table()) {
      const std::string inner = std::string(name.str());
      if (!value.is_table())
        return fail(key + "." + inner, "a table is expected: [" + key + ".\"" + inner + "\"]");
      Table table(*value.as_table(), key + ".\"" + inner + "\".");
      Status read = each(inner, table);
      if (read.ok()) read = table.done();
      if (!read.ok() && !problem_) problem_ = read.error();
    }
  }
  template <class Id>
  Id id(const std::string& key) {
    auto parsed = Id::parse(required(key));
    if (parsed.ok()) return *parsed;
    fail(key, parsed.error().detail);
    return {};
  }
  template <class E>
  E word(const std::string& key, const std::vector<std::pair<std::string_view, E>>& words,
         E otherwise) {
    const auto value = text(key);
    if (!value) return otherwise;
    std::string legal;
    for (const auto& [name, meaning] : words) {
      if (name == *value) return meaning;
      legal += (legal.empty() ? "" : ", ") + std::string(name);
    }
    fail(key, "'" + *value + "' is none of: " + legal);
    return otherwise;
  }
  void fail(const std::string& key, const std::string& problem) {
    if (!problem_) problem_ = wrong(where_ + key + ": " + problem);
  }
  Status done() {
    for (const auto& [name, value] : table_) {
      const std::string key(name.str());
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const std::string near = json::nearest(key, known_);
      const std::string hint = near.empty() ? "" : "; did you mean '" + near + "'?";
      return wrong(where_ + key + ": is no setting of the agent" + hint);  // why another is missing
    }
    return problem_ ? Status(*problem_) : Status();
  }

 private:
  const toml::table& table_;
  std::string where_;
  std::vector<std::string> known_;
  std::optional<Error> problem_;
};

Status read_component(Config& config, const std::string& name, Table& in) {
  FB_ASSIGN(const ComponentId id, ComponentId::parse(name));
  ComponentConfig component;
  (void)in.required("kind");
  component.kind = in.word("kind", release::kind_words(), release::Kind::content);
  if (const auto reader = in.text("reader")) {
    FB_ASSIGN(component.reader, ComponentId::parse(*reader));
  }
  if (component.kind == release::Kind::core && component.reader) {
    in.fail("reader", "a core component is read by nothing");
  }
  config.components.emplace(id, std::move(component));
  return {};
}

// A scheme and a host, and no slash at the end: paths are appended.
void check_url(Table& in, const std::string& key, const std::string& url) {
  const bool legal = url.starts_with("http://") && url.size() > 7 && !url.ends_with("/");
  if (!legal) in.fail(key, "'" + url + "' must be http://host:port without a slash at the end");
}

Status check_readers(const Config& config) {
  for (const auto& [id, component] : config.components) {
    if (!component.reader) continue;
    const auto reader = config.components.find(*component.reader);
    if (reader == config.components.end() || reader->second.kind != release::Kind::core) {
      return wrong("component.\"" + id.text() + "\".reader: " + component.reader->text() +
                   " is no core component of this file; add [component.\"" +
                   component.reader->text() + "\"] with kind = \"core\"");
    }
  }
  if (config.components.empty()) {
    return wrong(
        "no components; add one, for example [component.\"sensor.engine\"] with kind = \"core\"");
  }
  return {};
}

Result<Config> read(const toml::table& root) {
  Config config;
  Table in(root, "");
  in.table("air_gapped", [&](Table& table) {
    const std::int64_t usual = limits::kCarry.ms / days(1).ms,
                       most = limits::kLongestCarry.ms / days(1).ms;
    config.air_gapped = AirGapped{days(table.integer("carry_days", 1, most, usual))};
  });
  config.server = config.air_gapped ? in.text("server").value_or("") : in.required("server");
  if (!config.server.empty() || !config.air_gapped) check_url(in, "server", config.server);
  config.mirrors = in.texts("mirrors");
  for (const std::string& mirror : config.mirrors) check_url(in, "mirrors", mirror);
  config.metadata_mirrors = in.texts("metadata_mirrors");
  for (const std::string& mirror : config.metadata_mirrors)
    check_url(in, "metadata_mirrors", mirror);
  config.tenant = in.id<TenantId>("tenant");
  config.ring = in.word("ring", statement::ring_words(), statement::Ring::broad);
  config.enrolment_token_file = in.text("enrolment_token_file").value_or("");
  config.root = in.required("root");
  config.policy_key = in.text("policy_key");
  config.state_dir = in.text("state_dir").value_or(config.state_dir);
  config.socket = in.text("socket").value_or(config.socket);
  in.tables("component", [&](const std::string& name, Table& table) {
    return read_component(config, name, table);
  });
  in.tables("workload", [&](const std::string& name, Table& table) -> Status {
    config.workloads[name].arguments = table.texts("arguments");
    return {};
  });
  FB_TRY(in.done());
  FB_TRY(check_readers(config));
  return config;
}

}  // namespace

std::optional<ComponentId> Config::core_of(const ComponentId& component) const {
  const auto found = components.find(component);
  if (found == components.end()) return std::nullopt;
  if (found->second.kind == release::Kind::core) return component;
  return found->second.reader;
}

std::vector<ComponentId> Config::readers_of(const ComponentId& core) const {
  std::vector<ComponentId> out;
  for (const auto& [id, component] : components) {
    if (component.reader == core) out.push_back(id);
  }
  return out;
}

std::vector<std::string> Config::target_bases() const {
  std::vector<std::string> bases = mirrors;
  if (!server.empty()) bases.push_back(server + "/tuf/targets");
  return bases;
}

Result<Config> parse_config(std::string_view toml_text) {
  try {
    const toml::table root = toml::parse(toml_text);
    return read(root);
  } catch (const toml::parse_error& error) {
    return wrong("line " + std::to_string(error.source().begin.line) + ": " +
                 std::string(error.description()));
  }
}

}  // namespace fb::agent
