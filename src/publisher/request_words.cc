#include "publisher/request_words.h"

#include <algorithm>
#include <array>

#include "crypto/sha256.h"
#include "publisher/fields.h"
#include "publisher/revocation_words.h"
#include "release/manifest.h"
#include "release/mark.h"
#include "statement/people.h"
#include "statement/revocation.h"
#include "tuf/metadata.h"

namespace fb::publisher {
namespace {

using Lines = std::vector<std::string>;

// What has sentences of its own; the rest is shown as it stands.
constexpr std::array<std::string_view, 5> kSaid{"version", "expires", "keys", "roles", "targets"};

std::string quoted(const json::Value& value) {
  return value.is_null() ? "nothing" : plain(json::compact(value));
}

json::Value member(const json::Value& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? json::Value() : *found;
}

std::set<std::string> keys_of(const json::Value& one, const json::Value& other) {
  std::set<std::string> out;
  for (const json::Value* object : {&one, &other}) {
    if (!object->is_object()) continue;
    for (const auto& [key, value] : object->items()) out.insert(key);
  }
  return out;
}

// Members that differ, but for those that `said` covers.
template <class Said>
Lines other_changes(const json::Value& before, const json::Value& after, const Said& said) {
  Lines lines;
  for (const std::string& key : keys_of(before, after)) {
    if (std::find(said.begin(), said.end(), key) != said.end()) continue;
    const json::Value was = member(before, key), is = member(after, key);
    if (was != is)
      lines.push_back(plain(key) + " changes from " + quoted(was) + " to " + quoted(is));
  }
  return lines;
}

std::set<std::string> ids_in(const json::Value& role) {
  std::set<std::string> out;
  for (const json::Value& id : list_of(role, "keyids")) {
    if (id.is_string()) out.insert(id.get<std::string>());
  }
  return out;
}

class Words {
 public:
  explicit Words(const Request& request) : request_(request) {}

  Result<Lines> role(const std::string& role) {
    FB_ASSIGN(const json::Value before, signed_of(in_force(role)));
    FB_ASSIGN(const json::Value after, signed_of(request_.proposed.find(role)->second));
    Lines lines{"version " + text_of(before, "version") + " → " + text_of(after, "version") +
                ", good until " + text_of(after, "expires") + " (was " +
                text_of(before, "expires") + ")"};
    append(lines, replaced_keys(object_of(before, "keys"), object_of(after, "keys")));
    if (role == tuf::kRoot) {
      append(lines, root_roles(object_of(before, "roles"), object_of(after, "roles")));
      append(lines, other_changes(before, after, kSaid));
      return lines;
    }
    append(lines, targets(object_of(before, "targets"), object_of(after, "targets")));
    append(lines, delegations(object_of(before, "delegations"), object_of(after, "delegations")));
    std::vector<std::string_view> said(kSaid.begin(), kSaid.end());
    said.emplace_back("delegations");
    append(lines, other_changes(before, after, said));
    return lines;
  }

  [[nodiscard]] std::string key(const std::string& id) const {
    const auto name = request_.names.find(id);
    return name == request_.names.end()
               ? plain(id.substr(0, 12))
               : plain(name->second) + " (" + plain(id.substr(0, 12)) + ")";
  }

 private:
  static void append(Lines& lines, Lines more) {
    lines.insert(lines.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
  }

  static Result<json::Value> signed_of(const std::string& file) {
    FB_ASSIGN(const json::Value whole, json::parse(file, {.bytes = tuf::max_bytes("targets")}));
    return object_of(whole, "signed");
  }

  [[nodiscard]] const std::string& in_force(const std::string& role) const {
    return role == tuf::kRoot ? request_.roots.back() : request_.current.find(role)->second;
  }

  // An id that stays while the key behind it is exchanged would hide a rotation.
  [[nodiscard]] Lines replaced_keys(const json::Value& before, const json::Value& after) const {
    Lines lines;
    for (const std::string& id : keys_of(before, after)) {
      const json::Value was = member(before, id), is = member(after, id);
      if (!was.is_null() && !is.is_null() && was != is)
        lines.push_back("key " + key(id) + " is exchanged under the same id: " + quoted(is));
    }
    return lines;
  }

  // A key that comes is shown whole: its holder reads it out from `firebreak key show`.
  [[nodiscard]] Lines signers(const std::string& role, const json::Value& before,
                              const json::Value& after) const {
    Lines lines;
    const auto was = ids_in(before), is = ids_in(after);
    for (const std::string& id : was) {
      if (!is.contains(id)) lines.push_back(role + " loses key " + key(id));
    }
    for (const std::string& id : is) {
      if (!was.contains(id)) lines.push_back(role + " gets key " + key(id) + ", id " + plain(id));
    }
    const std::string old_threshold = text_of(before, "threshold");
    const std::string threshold = text_of(after, "threshold");
    if (old_threshold != threshold)
      lines.push_back(role + " needs " + threshold + " signatures instead of " + old_threshold);
    else if (!lines.empty())
      lines.push_back(role + " still needs " + threshold + " signatures");
    return lines;
  }

  [[nodiscard]] Lines root_roles(const json::Value& before, const json::Value& after) const {
    constexpr std::array<std::string_view, 2> kSaidOfRole{"keyids", "threshold"};
    Lines lines;
    for (const std::string& name : keys_of(before, after)) {
      const json::Value was = member(before, name), is = member(after, name);
      append(lines, signers("role " + plain(name), was, is));
      for (const std::string& each : other_changes(was, is, kSaidOfRole))
        lines.push_back("role " + plain(name) + ": " + each);
    }
    return lines;
  }

  static json::Value named(const json::Value& delegations, const std::string& name) {
    for (const json::Value& each : list_of(delegations, "roles")) {
      if (text_of(each, "name") == name) return each;
    }
    return json::Value::object();
  }

  static std::vector<std::string> order(const json::Value& delegations) {
    std::vector<std::string> names;
    for (const json::Value& each : list_of(delegations, "roles"))
      names.push_back(text_of(each, "name"));
    return names;
  }

  [[nodiscard]] Lines delegations(const json::Value& before, const json::Value& after) const {
    constexpr std::array<std::string_view, 3> kSaidOfRole{"keyids", "threshold", "name"};
    constexpr std::array<std::string_view, 2> kSaidOfAll{"keys", "roles"};
    Lines lines = replaced_keys(object_of(before, "keys"), object_of(after, "keys"));
    const auto was_order = order(before), is_order = order(after);
    std::set<std::string> names(was_order.begin(), was_order.end());
    names.insert(is_order.begin(), is_order.end());
    for (const std::string& name : names) {
      const json::Value was = named(before, name), is = named(after, name);
      append(lines, signers("role " + plain(name), was, is));
      for (const std::string& each : other_changes(was, is, kSaidOfRole))
        lines.push_back("role " + plain(name) + ": " + each);
    }
    if (was_order != is_order)
      lines.push_back("the order of trust becomes " + quoted(json::Value(is_order)));
    append(lines, other_changes(before, after, kSaidOfAll));
    return lines;
  }

  [[nodiscard]] Lines targets(const json::Value& before, const json::Value& after) const {
    Lines lines;
    for (const std::string& path : keys_of(before, after)) {
      const json::Value was = member(before, path), is = member(after, path);
      if (was == is) continue;
      if (is.is_null())
        lines.push_back(plain(path) + " is withdrawn");
      else if (path == statement::kPeoplePath)
        append(lines, people(was, is));
      else if (path == statement::kRevokedPath)
        append(lines, revocations(was, is));
      else
        append(lines, target(path, was, is));
    }
    return lines;
  }

  // The bytes behind a target, when the request brings them and they are the ones that are signed.
  [[nodiscard]] const std::string* content(const json::Value& target) const {
    const std::string digest = text_of(object_of(target, "hashes"), "sha256");
    const auto found = request_.contents.find(digest);
    if (found == request_.contents.end()) return nullptr;
    return crypto::sha256(found->second).hex() == digest ? &found->second : nullptr;
  }

  static json::Value without_custom(json::Value target) {
    target.erase("custom");
    return target;
  }

  // Other words about the same bytes.
  static std::string custom_changes(const std::string& path, const json::Value& is) {
    const auto mark = release::find_mark(member(is, "custom"));
    if (!mark.ok() || !*mark) return plain(path) + ": its bytes stay, its custom field changes";
    return plain(path) + " IS RELEASED since " + to_rfc3339((*mark)->since) +
           ": machines in air-gapped mode start it without a permit";
  }

  [[nodiscard]] Lines target(const std::string& path, const json::Value& was,
                             const json::Value& is) const {
    const std::string* text = content(is);
    const bool same_bytes = !was.is_null() && without_custom(was) == without_custom(is);
    Lines lines;
    if (same_bytes) {
      lines.push_back(custom_changes(path, is));
    } else {
      lines.push_back(plain(path) + (was.is_null() ? " is added: " : " is replaced: ") +
                      text_of(is, "length") + " bytes, sha256 " +
                      plain(text_of(object_of(is, "hashes"), "sha256")));
    }
    if (is.contains("custom")) lines.push_back("  custom: " + quoted(is.at("custom")));
    if (text == nullptr) return lines;
    const auto manifest = release::decode_manifest(*text);
    append(lines, manifest.ok() ? release(*manifest) : changed_lines(content(was), *text));
    return lines;
  }

  static Lines release(const release::Manifest& manifest) {
    Lines lines{"  " + manifest.component.text() + " " + manifest.version + ", a " +
                std::string(word(manifest.cls)) + " release by " + manifest.author.text()};
    const auto& notes = manifest.notes;
    lines.push_back("  what: " + plain(notes.what) + " why: " + plain(notes.why));
    lines.push_back("  risk: " + plain(notes.risk) + " undo: " + plain(notes.undo));
    const Millis late = manifest.health.longest_fault_delay;
    if (late.ms > 0)
      lines.push_back("  late faults show up to " + in_words(late) + " after activation");
    if (manifest.one_way) lines.push_back("  ONE WAY: machines cannot go back from it");
    const auto commands = [&](const std::string& what, const std::vector<std::string>& words) {
      if (!words.empty()) lines.push_back("  machines run, " + what + ": " + quoted(words));
    };
    if (!manifest.definition) return lines;
    commands("as " + manifest.definition->workload, manifest.definition->command);
    commands("as its probe", manifest.definition->probe);
    for (const auto& [component, words] : manifest.definition->taste)
      commands("to try " + component.text(), words);
    return lines;
  }

  static Lines split(const std::string& text) {
    Lines lines;
    std::size_t from = 0;
    while (from < text.size()) {
      const std::size_t to = std::min(text.find('\n', from), text.size());
      lines.push_back(plain(text.substr(from, to - from)));
      from = to + 1;
    }
    return lines;
  }

  // Lines that stay are left out around those that change; without the old text all of it shows.
  static Lines changed_lines(const std::string* was, const std::string& is) {
    const Lines before = was == nullptr ? Lines() : split(*was), after = split(is);
    std::size_t head = 0, tail = 0;
    const std::size_t shorter = std::min(before.size(), after.size());
    while (head < shorter && before[head] == after[head]) ++head;
    while (tail < shorter - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
      ++tail;
    Lines lines;
    for (std::size_t i = head; i < before.size() - tail; ++i) lines.push_back("  - " + before[i]);
    for (std::size_t i = head; i < after.size() - tail; ++i) lines.push_back("  + " + after[i]);
    return lines;
  }

  [[nodiscard]] Lines people(const json::Value& was, const json::Value& is) const {
    const std::string* old_text = content(was);
    const std::string* new_text = content(is);
    if (new_text == nullptr) return target(std::string(statement::kPeoplePath), was, is);
    const auto after = statement::decode_people(*new_text);
    const auto before = old_text == nullptr ? Result<statement::People>(statement::People{})
                                            : statement::decode_people(*old_text);
    if (!after.ok() || !before.ok()) return target(std::string(statement::kPeoplePath), was, is);
    Lines lines{"who may decide (trust/people.json) changes:"};
    for (const auto& person : before->people) {
      if (after->find(person.id) == nullptr)
        lines.push_back("  " + person.id.text() + " may no longer decide anything");
    }
    for (const auto& person : after->people)
      append(lines, one_person(before->find(person.id), person));
    return lines;
  }

  // By what vouches for it: a manifest that hashes to the digest.
  [[nodiscard]] std::string release_name(const Digest& digest) const {
    const auto found = request_.contents.find(digest.hex());
    if (found == request_.contents.end() || crypto::sha256(found->second) != digest)
      return "release " + digest.text();
    const auto manifest = release::decode_manifest(found->second);
    if (!manifest.ok()) return "release " + digest.text();
    return manifest->component.text() + " " + plain(manifest->version) + " (" + digest.text() + ")";
  }

  [[nodiscard]] Lines revocations(const json::Value& was, const json::Value& is) const {
    const std::string path(statement::kRevokedPath);
    const std::string* old_text = content(was);
    const std::string* new_text = content(is);
    const bool readable = new_text != nullptr && (was.is_null() || old_text != nullptr);
    if (!readable || is.contains("custom")) return target(path, was, is);
    const auto after = statement::decode_revocations(*new_text);
    const auto before = old_text == nullptr
                            ? Result<statement::Revocations>(statement::Revocations{})
                            : statement::decode_revocations(*old_text);
    if (!after.ok() || !before.ok()) return target(path, was, is);
    return revocation_words(*before, *after,
                            [this](const Digest& digest) { return release_name(digest); });
  }

  static std::string roles_text(const statement::Person& person) {
    std::string text;
    for (const auto role : person.roles)
      text += (text.empty() ? "" : ", ") + std::string(word(role));
    return text.empty() ? "no role" : text;
  }

  [[nodiscard]] Lines one_person(const statement::Person* was, const statement::Person& is) const {
    Lines lines;
    if (was == nullptr)
      lines.push_back("  " + is.id.text() + " comes, as " + roles_text(is));
    else if (was->roles != is.roles)
      lines.push_back("  " + is.id.text() + ": " + roles_text(*was) + " → " + roles_text(is));
    for (const auto& [id, key_of_person] : is.keys) {
      if (was == nullptr || !was->keys.contains(id))
        lines.push_back("  " + is.id.text() + " gets key " + key(id) + ", id " + plain(id));
    }
    if (was == nullptr) return lines;
    for (const auto& [id, key_of_person] : was->keys) {
      if (!is.keys.contains(id)) lines.push_back("  " + is.id.text() + " loses key " + key(id));
    }
    return lines;
  }

  const Request& request_;
};

std::string demand_text(const Words& words, const Demand& demand) {
  std::string text = demand.whose + ": " + std::to_string(demand.signed_by.size()) + " of " +
                     std::to_string(demand.threshold) + " signatures";
  std::string have, wanted;
  for (const std::string& id : demand.authorized) {
    std::string& list = demand.signed_by.contains(id) ? have : wanted;
    list += (list.empty() ? "" : ", ") + words.key(id);
  }
  if (!have.empty()) text += "; signed by " + have;
  if (!demand.met()) text += "; may sign: " + wanted;
  return text;
}

json::Value demand_document(const Demand& demand) {
  return {{"whose", demand.whose},
          {"threshold", demand.threshold},
          {"signed_by", demand.signed_by},
          {"authorized", demand.authorized},
          {"met", demand.met()}};
}

bool stripped(unsigned char first, unsigned char second, unsigned char third) {
  if (first == 0xC2) return second < 0xA0;  // C1 controls
  if (first != 0xE2) return false;
  // Direction marks and overrides, line and paragraph separators: U+200B-200F, 2028-202E, 2060-206F
  if (second == 0x80) return (third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE);
  return second == 0x81 && third >= 0xA0 && third <= 0xAF;
}

}  // namespace

std::string plain(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = [&](std::size_t n) {
      return n < text.size() ? static_cast<unsigned char>(text[n]) : static_cast<unsigned char>(0);
    };
    if (stripped(at(i), at(i + 1), at(i + 2))) {
      out += '?';
      i += at(i) == 0xC2 ? 1U : 2U;
    } else {
      out += at(i) < 0x20 || at(i) == 0x7F ? ' ' : text[i];
    }
  }
  return out;
}

Result<Outcome> describe_request(const Request& request, const Examined& examined) {
  Words words(request);
  Outcome outcome{Answer::yes, "", {{"fingerprint", examined.fingerprint}}};
  json::Value roles = json::Value::array();
  for (const ProposedRole& each : examined.roles) {
    FB_ASSIGN(const Lines lines, words.role(each.role));
    outcome.text += each.role + "\n";
    for (const std::string& line : lines) outcome.text += "  " + line + "\n";
    json::Value demands = json::Value::array();
    for (const Demand& demand : each.demands) {
      outcome.text += "  [" + demand_text(words, demand) + "]\n";
      demands.push_back(demand_document(demand));
    }
    roles.push_back({{"role", each.role}, {"changes", lines}, {"demands", std::move(demands)}});
  }
  outcome.text += "fingerprint " + examined.fingerprint +
                  ": read it out to the other holders; it has to be the same for all\n";
  outcome.document["roles"] = std::move(roles);
  outcome.document["complete"] = examined.complete();
  return outcome;
}

}  // namespace fb::publisher
