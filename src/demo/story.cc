#include "demo/story.h"

#include <fmt/format.h>

#include <chrono>

namespace fb::demo {
namespace {

using Lines = std::vector<std::string>;

class Story {
 public:
  Story(Stage& stage, const Teller& teller) : stage_(stage), teller_(teller) {}

  Status everybody_is_heard();
  Status good_release();
  Status refused_release();
  Status forced_release();
  Status freeze();
  Status tampering_and_crash();
  Status healing();
  Status reckoning();

  Tally tally;

 private:
  Status start(const std::string& version, const std::string& lane, std::int64_t& rollout);
  Result<json::Value> look(std::int64_t rollout);
  Result<bool> is(std::int64_t rollout, const Lines& states);
  Result<bool> everybody_takes(const std::string& tenant, const std::string& version,
                               const char* key);
  Result<std::int64_t> counted(const std::string& version, const char* event);

  Stage& stage_;
  const Teller& teller_;
  std::int64_t good_ = 0, bad_ = 0, emergency_ = 0;
};

std::string bar(double share) {
  constexpr int kWidth = 30;
  std::string out;
  for (int i = 0; i < kWidth; ++i) out += i < share * kWidth ? '#' : '.';
  return out;
}

Status Story::everybody_is_heard() {
  const auto count = static_cast<std::size_t>(stage_.options().machines);
  return stage_.wait(seconds(90), "every machine to be heard", [&]() -> Result<bool> {
    FB_ASSIGN(const auto devices, stage_.list("/api/v1/devices", "devices"));
    std::size_t heard = 0;
    for (const auto& device : devices) heard += device.at("components").size() == 2 ? 1U : 0U;
    tally.devices = static_cast<std::int64_t>(devices.size());
    teller_.progress(fmt::format("   {} of {} machines heard", heard, count));
    return heard == count;
  });
}

Status Story::start(const std::string& version, const std::string& lane, std::int64_t& rollout) {
  FB_ASSIGN(const auto text,
            stage_.must({"--json", "rollout", "start", "sensor.channel", version, "--lane", lane,
                         "--as", "operator", "--reason", "the demo"}));
  FB_ASSIGN(const auto started, json::parse(text));
  rollout = started.value("rollout", std::int64_t{0});
  return rollout > 0 ? Status()
                     : Error{ErrorCode::malformed, "rollout start said no number: " + text};
}

// One look at a rollout, shown as progress.
Result<json::Value> Story::look(std::int64_t rollout) {
  FB_ASSIGN(auto view, stage_.get("/api/v1/rollouts/" + std::to_string(rollout)));
  const auto number = [&](const char* key) { return view.value(key, std::int64_t{0}); };
  teller_.progress(fmt::format(
      "   [{}] {}/{} exposed, {} healthy, {} harmed, {} silent, bound {:.0f} %, evidence {:.1f} : "
      "1",
      bar(static_cast<double>(number("exposed")) / static_cast<double>(number("eligible"))),
      number("exposed"), number("eligible"), number("healthy"), number("harmed"), number("silent"),
      100 * view.value("bound", 1.0), view.value("evidence", 1.0)));
  return view;
}

Result<bool> Story::is(std::int64_t rollout, const Lines& states) {
  FB_ASSIGN(const auto view, look(rollout));
  const std::string state = view.value("state", "");
  for (const auto& wanted : states) {
    if (state == wanted) return true;
  }
  const bool over = state == "halted" || state == "reverting" || state == "reverted";
  if (over)
    return Error{ErrorCode::conflict, "the rollout was halted: " + view.value("reason", "")};
  return false;
}

Status Story::good_release() {
  teller_.line(
      "1. Content 290 is good. It goes out wave by wave; exposure grows as evidence grows.");
  FB_TRY(stage_.create({"290", "290", "feature", "Rules for remote execution over named pipes.",
                        "Seen in the field."}));
  FB_TRY(stage_.submit("290"));
  FB_ASSIGN(const auto approved, stage_.must({"approve", "sensor.channel", "290", "--as",
                                              "reviewer", "--reason", "read and tried"}));
  FB_TRY(start("290", "standard", good_));
  FB_TRY(stage_.wait(seconds(120), "content 290 to reach everybody",
                     [&] { return is(good_, {"completed"}); }));
  FB_ASSIGN(const auto view, look(good_));
  teller_.line("   " + view.value("reason", ""));
  FB_ASSIGN(const auto synced, stage_.must({"sync"}));
  return {};
}

Status Story::refused_release() {
  teller_.line(
      "2. Content 291 has the July 2024 fault. `firebreak check` holds it against what the fleet "
      "runs, offline:");
  FB_TRY(
      stage_.create({"291", "291", "feature", "One more rule for named pipes.", "New attacks."}));
  FB_ASSIGN(const auto checked, stage_.firebreak({"check", "sensor.channel-291"}));
  const auto at = checked.output.find("contract: closed");
  if (at != std::string::npos)
    teller_.line("   " + checked.output.substr(at, checked.output.find('\n', at) - at));
  tally.content_refused = checked.code == 1 &&
                          checked.output.find("reads field 21") != std::string::npos &&
                          checked.output.find("supplies 20") != std::string::npos;
  teller_.line(fmt::format("   exit code {}: refused, before anybody signed it", checked.code));
  return {};
}

Status Story::forced_release() {
  teller_.line("3. Security and operations sign a waiver and push 291 on regardless.");
  FB_TRY(stage_.submit("291"));
  FB_ASSIGN(const auto approved, stage_.must({"approve", "sensor.channel", "291", "--as",
                                              "reviewer", "--reason", "they asked"}));
  for (const char* person : {"security", "operator"}) {
    FB_ASSIGN(const auto waived,
              stage_.must({"waive", "sensor.channel", "291", "--gate", "contract", "--as", person,
                           "--reason", "the threat does not wait"}));
  }
  FB_TRY(start("291", "standard", bad_));
  FB_TRY(stage_.wait(seconds(90), "the halt of 291", [&] {
    return is(bad_, {"halted", "reverting", "reverted"});
  }));
  FB_ASSIGN(const auto view, look(bad_));
  teller_.line("   " + view.value("reason", ""));
  teller_.line(
      "   Crashed machines go back to 290 by themselves, without the server. Nobody else is "
      "exposed.");
  return {};
}

Result<bool> Story::everybody_takes(const std::string& tenant, const std::string& version,
                                    const char* key) {
  FB_ASSIGN(const auto release, release_of(stage_, version));
  FB_ASSIGN(const auto devices, stage_.list("/api/v1/devices", "devices"));
  for (const auto& device : devices) {
    if ((device.value("tenant", "") == "hospital") != (tenant == "hospital")) continue;
    bool found = false;
    for (const auto& component : device.at("components")) {
      const auto& digest = component.at(key);
      found = found || (digest.is_string() && digest.get<std::string>() == release);
    }
    if (!found) return false;
  }
  return true;
}

Status Story::freeze() {
  teller_.line(
      "4. The hospital signs a freeze with its own key. The vendor sends 292, an emergency "
      "release.");
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const Instant from{now - 60'000};
  FB_ASSIGN(const auto signed_policy,
            stage_.must({"--json", "policy", "sign", "--tenant", "hospital", "--id", "quarter-end",
                         "--freeze", to_rfc3339(from) + ".." + to_rfc3339(from + days(1))}));
  FB_ASSIGN(const auto policy, json::parse(signed_policy));
  FB_ASSIGN(const auto accepted, stage_.must({"policy", "submit", policy.value("file", "")}));
  FB_TRY(stage_.create({"292", "292", "emergency", "The fix of 291.", "Attacks go on."}));
  FB_TRY(stage_.submit("292"));
  for (const char* person : {"reviewer", "security"}) {
    FB_ASSIGN(const auto approved, stage_.must({"approve", "sensor.channel", "292", "--as", person,
                                                "--reason", "read twice"}));
  }
  stage_.mirror().arm();
  return start("292", "emergency", emergency_);
}

Result<std::int64_t> Story::counted(const std::string& version, const char* event) {
  FB_ASSIGN(const auto release, release_of(stage_, version));
  FB_ASSIGN(const auto log, read_log(stage_));
  return static_cast<std::int64_t>(devices_in(log, {"report", event, release}).size());
}

Status Story::tampering_and_crash() {
  teller_.line(
      "5. Meanwhile a mirror flips one byte of 292, and the server is killed with SIGKILL in "
      "mid-rollout.");
  FB_TRY(stage_.wait(seconds(60), "the first machines to run 292", [&]() -> Result<bool> {
    FB_ASSIGN(const auto view, look(emergency_));
    return view.value("activated", std::int64_t{0}) >= 3;
  }));
  FB_ASSIGN(const auto before, read_log(stage_));
  stage_.kill_server();
  FB_TRY(stage_.start_server());
  FB_ASSIGN(const auto after, read_log(stage_));
  teller_.line(fmt::format("   killed and back: {} log entries before, all there, {} after",
                           before.size(), after.size()));
  if (after.size() < before.size() ||
      audit::encode(after[before.size() - 1]) != audit::encode(before.back())) {
    return Error{ErrorCode::mismatch, "the log lost entries over the restart"};
  }
  FB_TRY(
      stage_.wait(seconds(120), "292 to reach everybody but the hospital", [&]() -> Result<bool> {
        FB_ASSIGN(const auto view, look(emergency_));
        FB_ASSIGN(const bool staged, everybody_takes("hospital", "292", "staged"));
        FB_ASSIGN(const bool active, everybody_takes("others", "292", "active"));
        return staged && active;
      }));
  return {};
}

Status Story::healing() {
  return stage_.wait(seconds(90), "every harmed machine to heal", [&]() -> Result<bool> {
    teller_.progress(fmt::format("   {} machines are down, {} power cycles so far",
                                 stage_.fleet().down(), stage_.fleet().crashes()));
    FB_ASSIGN(const auto view, stage_.get("/api/v1/rollouts/" + std::to_string(bad_)));
    return stage_.fleet().down() == 0 && view.value("state", "") == "reverted";
  });
}

Status Story::reckoning() {
  const Machine& frozen = stage_.fleet().machines().front();
  FB_ASSIGN(const auto why, stage_.agent(frozen, "explain", {"--component", "sensor.channel"}));
  const auto rule = why.output.find("hospital's rule quarter-end");
  if (rule != std::string::npos) {
    teller_.line("   a machine of the hospital explains, server or not: " +
                 why.output.substr(rule, why.output.find('\n', rule) - rule));
  }
  FB_ASSIGN(const auto good, release_of(stage_, "290"));
  FB_ASSIGN(const auto bad, release_of(stage_, "291"));
  FB_ASSIGN(const auto emergency, release_of(stage_, "292"));
  FB_ASSIGN(const auto log, read_log(stage_));
  tally.good_completed =
      static_cast<std::int64_t>(devices_in(log, {"report", "healthy", good}).size());
  for (const auto& entry : log)
    tally.good_halts += entry.kind == "halted" && entry.data.value("release", "") == good ? 1 : 0;
  FB_TRY(count_harm(stage_, log, bad, tally));

  FB_ASSIGN(const auto devices, stage_.list("/api/v1/devices", "devices"));
  const auto started = devices_in(log, {"dispatch", "", emergency});
  tally.freeze_refused = rule != std::string::npos;
  for (const auto& device : devices) {
    if (device.value("tenant", "") == "hospital" && started.contains(device.value("device", "")))
      tally.freeze_refused = false;
  }
  FB_ASSIGN(const auto refusals, counted("292", "refused"));
  tally.tamper_refused = stage_.mirror().lies() > 0 && refusals > 0;
  teller_.line(
      fmt::format("   the mirror lied {} times; the machine refused each time, before anything "
                  "parsed a byte, and took the "
                  "artifact elsewhere",
                  stage_.mirror().lies()));
  FB_ASSIGN(const auto verified, stage_.firebreak({"log", "verify"}));
  tally.log_verified = verified.code == 0;
  teller_.line("   " + verified.output.substr(0, verified.output.find('\n')));
  return {};
}

}  // namespace

Result<Tally> play(Stage& stage, const Teller& teller) {
  Story story(stage, teller);
  FB_TRY(story.everybody_is_heard().in("before the start"));
  FB_TRY(story.good_release().in("chapter 1"));
  FB_TRY(story.refused_release().in("chapter 2"));
  FB_TRY(story.forced_release().in("chapter 3"));
  FB_TRY(story.freeze().in("chapter 4"));
  FB_TRY(story.tampering_and_crash().in("chapter 5"));
  FB_TRY(story.healing().in("healing"));
  FB_TRY(story.reckoning().in("the reckoning"));
  return story.tally;
}

}  // namespace fb::demo
