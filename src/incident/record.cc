#include "incident/record.h"

#include "base/limits.h"
#include "json/reader.h"

namespace fb::incident {
namespace {

constexpr std::size_t kMoments = 500;  // the first and the decisive ones; the log has them all
constexpr std::size_t kKeptForDecisions = 100;

std::string text(const json::Value& data, const char* key) {
  const auto it = data.find(key);
  return it != data.end() && it->is_string() ? it->get<std::string>() : "";
}

bool about(const Incident& incident, const json::Value& data) {
  const auto rollout = data.find("rollout");
  if (rollout != data.end() && rollout->is_number_integer())
    return rollout->get<std::int64_t>() == incident.rollout.number();
  return text(data, "release") == incident.release.text();
}

// What a device or person wrote, on one line of a table: no line breaks, bars or markup, not longer
// than a line.
std::string plain(std::string text) {
  constexpr std::size_t kLine = 300;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32 ||
        std::string_view("|<>`").find(c) != std::string_view::npos)
      c = ' ';
  }
  if (text.size() <= kLine) return text;
  std::size_t end = kLine;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;  // not inside a character
  return text.substr(0, end);
}

std::string brief(const std::string& device) { return "device " + device.substr(0, 8); }

// What a log entry says in one sentence; empty: not worth a line.
std::string sentence(std::string_view kind, const json::Value& data) {
  if (kind == "release")
    return "Release " + text(data, "version") + " of " + text(data, "component") +
           " was submitted.";
  if (kind == "approve") return "A reviewer approved the release: " + text(data, "reason");
  if (kind == "waive") return "Gate " + text(data, "gate") + " was waived: " + text(data, "reason");
  if (kind == "start") return "The rollout was started: " + text(data, "reason");
  if (kind == "budget")
    return "Two people gave it a budget of " + std::to_string(data.value("budget", 0)) +
           " machines: " + text(data, "reason");
  if (kind == "dispatch") return "A permit was given to " + brief(text(data, "device")) + ".";
  if (kind == "report")
    return brief(text(data, "device")) + " reported " + text(data, "event") + ": " +
           text(data, "detail");
  if (kind == "verdict") return text(data, "sentence");
  if (kind == "halted") return "HALTED: " + text(data, "sentence");
  return "";
}

std::string clock(Instant at) {
  const std::string second = to_rfc3339(at);
  const std::string millis = std::to_string(1000 + at.ms % 1000).substr(1);
  return second.substr(11, 8) + "." + millis;
}

}  // namespace

void add_to_timeline(Incident& incident, Instant at, std::string_view kind,
                     const json::Value& data) {
  const bool one_of_many = kind == "dispatch" || kind == "report";
  const std::size_t most = one_of_many ? kMoments - kKeptForDecisions : kMoments;
  if (incident.timeline.size() >= most || !about(incident, data)) return;
  std::string what = plain(sentence(kind, data));
  if (!what.empty()) incident.timeline.push_back({at, std::move(what)});
}

std::string encode(const Incident& incident) {
  json::Value timeline = json::Value::array();
  for (const Moment& moment : incident.timeline)
    timeline.push_back({{"at_ms", moment.at.ms}, {"what", moment.what}});
  return json::pretty({{"format", "firebreak.incident/1"},
                       {"rollout", incident.rollout.number()},
                       {"component", incident.component.text()},
                       {"version", incident.version},
                       {"release", incident.release.text()},
                       {"opened", to_rfc3339(incident.opened)},
                       {"sentence", incident.sentence},
                       {"strata", incident.strata},
                       {"exposed", incident.exposed},
                       {"eligible", incident.eligible},
                       {"timeline", std::move(timeline)}});
}

Result<Incident> decode_incident(std::string_view bytes) {
  constexpr std::int64_t kBig = std::int64_t{1} << 53U;
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "incident");
  in.literal("format", "firebreak.incident/1");
  Incident out;
  const auto rollout = RolloutId::parse(in.integer("rollout", 0, 2'147'483'647));
  if (rollout.ok())
    out.rollout = *rollout;
  else
    in.fail("rollout", rollout.error().detail);
  out.component = in.id<ComponentId>("component");
  out.version = in.string("version", 64);
  out.release = in.digest("release");
  out.opened = in.instant("opened");
  out.sentence = in.string("sentence", limits::kTextBytes);
  out.strata = in.strings("strata", limits::kStrata);
  out.exposed = in.integer("exposed", 0, kBig);
  out.eligible = in.integer("eligible", 0, kBig);
  in.objects("timeline", kMoments, [&](json::Reader& each) {
    out.timeline.push_back(
        {Instant{each.integer("at_ms", 0, kBig)}, each.string("what", limits::kTextBytes)});
  });
  FB_TRY(in.done());
  return out;
}

std::string markdown(const Incident& incident) {
  std::string out = "# Incident: " + incident.component.text() + " " + incident.version +
                    ", rollout " + incident.rollout.text() + "\n\n";
  out += "Opened " + to_rfc3339(incident.opened) + " by the halt of the rollout.\n\n";
  out += "> " + plain(incident.sentence) + "\n\n";
  out += "- release `" + incident.release.text() + "`\n";
  out += "- exposed when it halted: " + std::to_string(incident.exposed) + " of " +
         std::to_string(incident.eligible) + "\n";
  std::string strata;
  for (const std::string& each : incident.strata) strata += (strata.empty() ? "" : ", ") + each;
  if (!strata.empty()) out += "- hit hardest: " + strata + "\n";
  out += "\n## Timeline (UTC)\n\n| time | what |\n|---|---|\n";
  for (const Moment& moment : incident.timeline)
    out += "| " + clock(moment.at) + " | " + moment.what + " |\n";
  out +=
      "\n## Causes and contributing factors\n\nWhat made this easy to happen? List conditions, not "
      "people.\n\n1. \n\n"
      "## Action items\n\nEach closes only with a check that is red on this release and green on "
      "its fix.\n\n"
      "| action | owner (role) | check | due |\n|---|---|---|---|\n| | | | |\n";
  return out;
}

}  // namespace fb::incident
