// TomlTable: one table of a TOML document, read strictly. The first mistake sticks; keys that
// nobody asked for are mistakes, and done() names the near one. References the document;
// short-lived.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"
#include "json/reader.h"

namespace fb::sim {

enum class Default : bool { off, on };

class TomlTable {
 public:
  TomlTable(const toml::table& table, std::string where, std::optional<Error>& problem)
      : table_(table), where_(std::move(where)), problem_(problem) {}

  [[nodiscard]] bool has(const std::string& key) const { return table_.contains(key); }

  // A number, whole or not; `otherwise` when absent, or wrong: nobody calculates with nan.
  double number(const std::string& key, double least, double most, double otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value<double>();
    if (!node->is_number() || !value) {
      fail(key, "must be a number");
      return otherwise;
    }
    if (*value >= least && *value <= most) return *value;
    fail(key, "must be " + shown(least) + " to " + shown(most));
    return otherwise;
  }

  std::int64_t integer(const std::string& key, std::int64_t least, std::int64_t most,
                       std::int64_t otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) {
      fail(key, "must be a whole number, " + std::to_string(least) + " to " + std::to_string(most));
      return otherwise;
    }
    return *value;
  }

  bool flag(const std::string& key, Default otherwise) {
    const toml::node* node = find(key);
    const bool usual = otherwise == Default::on;
    if (node == nullptr) return usual;
    const auto value = node->value_exact<bool>();
    if (!value) fail(key, "must be true or false");
    return value.value_or(usual);
  }

  std::string word(const std::string& key, const std::vector<std::string>& words,
                   const std::string& otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::string>();
    for (const std::string& each : words) {
      if (value == each) return each;
    }
    const std::string near = value ? json::nearest(*value, words) : "";
    fail(key, "must be one of " + joined(words) +
                  (near.empty() ? "" : "; did you mean '" + near + "'?"));
    return otherwise;
  }

  std::string text(const std::string& key, const std::string& otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::string>();
    if (!value) fail(key, "must be text");
    return value.value_or(otherwise);
  }

  const toml::table* table(const std::string& key) {
    const toml::node* node = find(key);
    if (node != nullptr && !node->is_table()) fail(key, "must be a table");
    return node == nullptr ? nullptr : node->as_table();
  }

  // The tables of a list of tables; anything else in it is a mistake.
  std::vector<const toml::table*> tables(const std::string& key, std::size_t most) {
    std::vector<const toml::table*> found;
    const toml::node* node = find(key);
    if (node == nullptr) return found;
    const toml::array* list = node->as_array();
    if (list == nullptr || list->size() > most) {
      fail(key, "must be a list of tables, at most " + std::to_string(most));
      return found;
    }
    for (const toml::node& each : *list) {
      if (each.is_table())
        found.push_back(each.as_table());
      else
        fail(key, "must hold tables", &each);
    }
    return found;
  }

  // The line is that of `at`, else of the key, else of the table that lacks it.
  void fail(const std::string& key, const std::string& what, const toml::node* at = nullptr) {
    if (problem_) return;
    if (at == nullptr) at = table_.get(key);
    const auto line = (at == nullptr ? table_ : *at).source().begin.line;
    problem_ =
        Error{ErrorCode::bad_usage, (line > 0 ? "line " + std::to_string(line) + ": " : "") +
                                        (where_.empty() ? "" : where_ + ".") + key + " " + what};
  }

  void done() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      bool known = false;
      for (const std::string& each : known_) known = known || each == name;
      if (known) continue;
      const std::string near = json::nearest(name, known_);
      fail(name, "is not a known key" + (near.empty() ? ": known are " + joined(known_)
                                                      : "; did you mean '" + near + "'?"));
    }
  }

 private:
  const toml::node* find(const std::string& key) {
    known_.push_back(key);
    return table_.get(key);
  }
  static std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
  }
  static std::string shown(double value) {
    std::string text = std::to_string(value);
    while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
      const bool point = text.back() == '.';
      text.pop_back();
      if (point) break;
    }
    return text;
  }

  const toml::table& table_;
  std::string where_;
  std::optional<Error>& problem_;
  std::vector<std::string> known_;
};

}  // namespace fb::sim
