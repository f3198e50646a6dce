#include "publisher/rollout_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "publisher/acts.h"
#include "publisher/columns.h"
#include "publisher/fields.h"

namespace fb::publisher {
namespace {

constexpr std::int64_t kBarCells = 20;

std::string decimal(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

// One started cell is shown as soon as anybody is exposed, the last only when everybody is.
std::string bar(std::int64_t part, std::int64_t whole) {
  std::int64_t cells =
      whole > 0 ? std::clamp<std::int64_t>(part * kBarCells / whole, 0, kBarCells) : 0;
  if (part > 0 && cells == 0) cells = 1;
  return "[" + std::string(static_cast<std::size_t>(cells), '#') +
         std::string(static_cast<std::size_t>(kBarCells - cells), '.') + "]";
}

std::string counted(const json::Value& rollout, const char* key) {
  return std::string(key) + " " + std::to_string(count_of(rollout, key));
}

std::string state_words(const json::Value& rollout) {
  const std::string held = text_of(rollout, "held");
  const std::string ring = text_of(rollout, "population");
  return text_of(rollout, "state") + (held.empty() ? "" : " (" + held + ")") +
         (ring.empty() ? "" : " " + ring);
}

std::string statistics(const json::Value& rollout) {
  std::string text;
  if (const auto bound = number_of(rollout, "bound")) text += "  bound " + decimal(*bound, 3);
  if (const auto evidence = number_of(rollout, "evidence"))
    text += "  evidence " + decimal(*evidence, *evidence < 10 ? 1 : 0) + ":1";
  return text;
}

std::string field_line(const json::Value& rollout, const char* key, const char* shown) {
  std::string name(shown);
  name.resize(14, ' ');
  const std::string value = text_of(rollout, key);
  return value.empty() ? "" : name + value + "\n";
}

// How many the evidence so far would let have it; none: as many as there are.
std::string cap_line(const json::Value& rollout) {
  const auto cap = number_of(rollout, "cap");
  return cap ? "evidence for  " + decimal(std::floor(*cap), 0) + " devices\n" : "";
}

}  // namespace

std::string ladder_line(const json::Value& rollout) {
  const std::int64_t exposed = count_of(rollout, "exposed");
  const std::int64_t eligible = count_of(rollout, "eligible");
  return text_of(rollout, "component") + " " + text_of(rollout, "version") + "  " +
         state_words(rollout) + " " + bar(exposed, eligible) + " " + std::to_string(exposed) + "/" +
         std::to_string(eligible) + " exposed  " + counted(rollout, "healthy") + "  " +
         counted(rollout, "harmed") + "  " + counted(rollout, "silent") +
         (count_of(rollout, "reverted") > 0 ? "  " + counted(rollout, "reverted") : "") +
         statistics(rollout);
}

std::string sentence(const json::Value& rollout) { return text_of(rollout, "reason"); }

std::string rollout_text(const json::Value& rollout) {
  std::string text = "rollout " + text_of(rollout, "rollout") + ": " + ladder_line(rollout) + "\n";
  if (!sentence(rollout).empty()) text += "  " + sentence(rollout) + "\n";
  text += field_line(rollout, "release", "release") + field_line(rollout, "lane", "lane") +
          field_line(rollout, "limit", "may have it") + cap_line(rollout) +
          field_line(rollout, "started", "started") + field_line(rollout, "ended", "ended") +
          field_line(rollout, "halted_tenant", "halted for") +
          field_line(rollout, "halted_at", "halted at");
  return text;
}

std::string rollouts_text(const json::Value& list) {
  if (list.empty())
    return "no rollouts yet; `firebreak rollout start RELEASE --as PERSON` starts one\n";
  Columns columns(
      {"ROLLOUT", "RELEASE", "LANE", "STATE", "EXPOSED", "HEALTHY", "HARMED", "SILENT"});
  for (const json::Value& each : list) {
    columns.row(
        {text_of(each, "rollout"), text_of(each, "component") + " " + text_of(each, "version"),
         text_of(each, "lane"), state_words(each),
         std::to_string(count_of(each, "exposed")) + "/" +
             std::to_string(count_of(each, "eligible")),
         std::to_string(count_of(each, "healthy")), std::to_string(count_of(each, "harmed")),
         std::to_string(count_of(each, "silent"))});
  }
  return columns.text();
}

bool is_over(const json::Value& rollout) {
  const std::string state = text_of(rollout, "state");
  if (state == "completed" || state == "reverted" || state == "superseded") return true;
  // Halted before anybody had it: there is nobody to go back.
  return state == "halted" && count_of(rollout, "exposed") == 0;
}

bool went_wrong(const json::Value& rollout) {
  const std::string state = text_of(rollout, "state");
  return state == "halted" || state == "reverting" || state == "reverted";
}

Result<Outcome> rollout_status(ServerClient& server, const std::string& id) {
  if (id.empty()) {
    FB_ASSIGN(json::Value list, server.list("/api/v1/rollouts", "rollouts"));
    return Outcome{Answer::yes, rollouts_text(list), {{"rollouts", std::move(list)}}};
  }
  FB_ASSIGN(const RolloutId rollout, parse_rollout(id));
  FB_ASSIGN(json::Value record, server.get("/api/v1/rollouts/" + rollout.text()));
  return Outcome{went_wrong(record) ? Answer::no : Answer::yes, rollout_text(record),
                 std::move(record)};
}

}  // namespace fb::publisher
