#include "publisher/release_view.h"

#include <algorithm>

#include "json/reader.h"
#include "publisher/columns.h"
#include "publisher/fields.h"

namespace fb::publisher {
namespace {

constexpr std::size_t kShortestPrefix = 6;

std::string brief(const std::string& digest) {
  const auto parsed = Digest::parse(digest);
  return parsed.ok() ? parsed->brief() : digest;
}

std::string draft_name(const json::Value& record) {
  return text_of(record, "component") + "-" + text_of(record, "version");
}

bool is_hex_prefix(std::string_view text) {
  return text.size() >= kShortestPrefix &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool means(const json::Value& record, std::string_view wanted) {
  const std::string digest = text_of(record, "release");
  if (digest == wanted || draft_name(record) == wanted) return true;
  if (wanted.starts_with("sha256:")) wanted.remove_prefix(7);
  return is_hex_prefix(wanted) && std::string_view(digest)
                                      .substr(std::min<std::size_t>(7, digest.size()))
                                      .starts_with(wanted);
}

// "sensor.channel 291" and "sensor.channel@291" are written as the draft's name; a folder's path as
// its last part.
std::string joined(const std::vector<std::string>& words) {
  std::string text = words.empty() ? "" : words.front();
  for (std::size_t i = 1; i < words.size(); ++i) text += "-" + words[i];
  std::replace(text.begin(), text.end(), '@', '-');
  while (text.ends_with('/')) text.pop_back();
  return text.substr(text.rfind('/') + 1);
}

Error no_such_release(const std::string& wanted, const json::Value& list) {
  std::vector<std::string> names;
  for (const json::Value& each : list) names.push_back(draft_name(each));
  const std::string near = json::nearest(wanted, names);
  return {ErrorCode::not_found, "the server has no release '" + wanted + "'" +
                                    (near.empty() ? "; `firebreak release list` shows what it has"
                                                  : "; did you mean " + near + "?")};
}

std::string people_line(const json::Value& record) {
  std::string text;
  for (const json::Value& each : list_of(record, "approvals")) {
    text += (text.empty() ? "" : ", ") +
            (each.is_string() ? each.get<std::string>() : text_of(each, "person"));
  }
  return "approved by   " + (text.empty() ? std::string("nobody yet") : text) + "\n";
}

std::string notes_lines(const json::Value& record) {
  std::string text;
  for (const char* note : {"what", "why", "risk", "undo"}) {
    std::string name(note);
    name.resize(14, ' ');
    text += name + text_of(object_of(record, "notes"), note) + "\n";
  }
  return text;
}

// What the publisher's offline keys say of it, each on a line with since when and why.
std::string ban_lines(const json::Value& record) {
  std::string text;
  const json::Value& revoked = object_of(record, "revoked");
  if (!revoked.empty()) {
    text += "revoked       since " + text_of(revoked, "since") +
            ", for good: " + text_of(revoked, "reason") + "\n";
  }
  const json::Value& floor = object_of(record, "below_floor");
  if (!floor.empty()) {
    text += "below floor   nothing below " + text_of(floor, "version") + " starts since " +
            text_of(floor, "since") + ": " + text_of(floor, "reason") + "\n";
  }
  return text;
}

// The strongest of what keeps it from starting, in capitals; "" when nothing does.
std::string ban_word(const json::Value& record) {
  if (!object_of(record, "revoked").empty()) return "REVOKED";
  if (flag_of(record, "blocked")) return "BLOCKED";
  return object_of(record, "below_floor").empty() ? "" : "BELOW FLOOR";
}

std::string open_gates(const json::Value& record) {
  std::string closed;
  for (const json::Value& gate : list_of(record, "gates")) {
    if (text_of(gate, "verdict") == "closed")
      closed += (closed.empty() ? "" : " ") + text_of(gate, "gate");
  }
  return closed.empty() ? "open" : "closed: " + closed;
}

}  // namespace

std::string gates_text(const json::Value& record) {
  std::string text;
  for (const json::Value& gate : list_of(record, "gates")) {
    const std::string head = text_of(gate, "gate") + ": " + text_of(gate, "verdict");
    const json::Value& reasons = list_of(gate, "reasons");
    if (reasons.empty()) text += head + "\n";
    for (const json::Value& reason : reasons) {
      text += head + " — " +
              (reason.is_string() ? reason.get<std::string>() : json::compact(reason)) + "\n";
    }
  }
  return text;
}

bool closed_besides_approval(const json::Value& record) {
  const json::Value& gates = list_of(record, "gates");
  return std::any_of(gates.begin(), gates.end(), [](const json::Value& gate) {
    return text_of(gate, "gate") != "approval" && text_of(gate, "verdict") == "closed";
  });
}

// How late a fault may show: the rollout watches so long. Who says less than others did is asked
// why.
std::string late_faults_line(const json::Value& record) {
  const auto said = [&](const char* key) {
    return Millis{static_cast<std::int64_t>(number_of(record, key).value_or(0))};
  };
  const Millis own = said("longest_fault_delay_ms");
  const Millis others = said("longest_fault_delay_of_others_ms");
  if (own.ms == 0 && others.ms == 0) return "";
  std::string text =
      own.ms == 0 ? "nothing said" : "show up to " + in_words(own) + " after activation";
  if (own < others) text += "; another release of this component said " + in_words(others);
  return "late faults   " + text + "\n";
}

std::string release_text(const json::Value& record) {
  std::string text = text_of(record, "component") + " " + text_of(record, "version") + "  (" +
                     text_of(record, "kind") + ", " + text_of(record, "class") + ")" +
                     (ban_word(record).empty() ? "" : "  " + ban_word(record)) + "\n" +
                     ban_lines(record);
  text += "release       " + text_of(record, "release") + "\n";
  text += "author        " + text_of(record, "author") + ", " + text_of(record, "created") + "\n";
  text += notes_lines(record) + late_faults_line(record) + people_line(record);
  for (const json::Value& waiver : list_of(record, "waivers")) {
    text += "waiver        " + text_of(waiver, "gate") + " by " + text_of(waiver, "person") + ": " +
            text_of(waiver, "reason") + "\n";
  }
  for (const json::Value& each : list_of(record, "evidence")) {
    text += "evidence      " + text_of(each, "artifact") + ", " + text_of(each, "predicate_type") +
            " of " + text_of(each, "fingerprint") + ", by " + text_of(each, "person") + "\n";
  }
  for (const json::Value& rollout : list_of(record, "rollouts"))
    text += "rollout       " + json::compact(rollout) + "\n";
  return text + gates_text(record);
}

std::string releases_text(const json::Value& list) {
  if (list.empty())
    return "no releases yet; `firebreak release create --help` shows how to make one\n";
  Columns columns({"RELEASE", "COMPONENT", "VERSION", "CLASS", "GATES", "ROLLOUTS"});
  for (const json::Value& each : list) {
    const json::Value& rollouts = list_of(each, "rollouts");
    columns.row({brief(text_of(each, "release")), text_of(each, "component"),
                 text_of(each, "version"), text_of(each, "class"),
                 ban_word(each).empty() ? open_gates(each) : ban_word(each),
                 rollouts.empty() ? "-" : json::compact(rollouts)});
  }
  return columns.text();
}

Result<json::Value> find_release(ServerClient& server, const std::vector<std::string>& words) {
  const std::string wanted = joined(words);
  FB_ASSIGN(const json::Value list, server.list("/api/v1/releases", "releases"));
  const json::Value* found = nullptr;
  for (const json::Value& each : list) {
    if (!means(each, wanted)) continue;
    if (found != nullptr)
      return Error{ErrorCode::conflict,
                   "'" + wanted + "' could be several releases; give more of the digest"};
    found = &each;
  }
  if (found == nullptr) return no_such_release(wanted, list);
  return *found;
}

Result<std::string> find_doubt(ServerClient& server, const json::Value& view) {
  const json::Value& own = list_of(view, "rollouts");
  FB_ASSIGN(const json::Value all, server.list("/api/v1/rollouts", "rollouts"));
  std::string states;
  for (const json::Value& each : all) {
    const json::Value id = each.value("rollout", json::Value());
    if (std::find(own.begin(), own.end(), id) == own.end()) continue;
    if (text_of(each, "state") == "completed" && !flag_of(view, "blocked")) return std::string();
    states += "; rollout " + text_of(each, "rollout") + " is " + text_of(each, "state");
  }
  return "no rollout of " + text_of(view, "component") + " " + text_of(view, "version") +
         " has completed" + states;
}

Result<Outcome> show_release(ServerClient& server, const std::vector<std::string>& words) {
  FB_ASSIGN(json::Value record, find_release(server, words));
  return Outcome{Answer::yes, release_text(record), std::move(record)};
}

Result<Outcome> list_releases(ServerClient& server) {
  FB_ASSIGN(json::Value list, server.list("/api/v1/releases", "releases"));
  return Outcome{Answer::yes, releases_text(list), {{"releases", std::move(list)}}};
}

}  // namespace fb::publisher
