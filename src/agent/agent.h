// Agent: the device's shell around install::step, one main loop and two background lanes.
//
// It feeds what happens into step(), writes each new state before it performs the effects, keeps
// the workloads running, and talks to the server. It decides nothing about updates. All calls on
// the main loop; blocking work goes through the two lanes: `prompt` (the server, probes) and `bulk`
// (downloads, trial loads), so that a long download never silences a device.
//
//   FB_ASSIGN(auto agent, Agent::start(config, pinned, doors));
//   loop: wait agent->tick(), then call it again; also after every exit and completed job.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/courier.h"
#include "agent/mirrors.h"
#include "agent/outbox.h"
#include "agent/rhythm.h"
#include "agent/staging.h"
#include "agent/workloads.h"
#include "install/step.h"
#include "port/background.h"

namespace fb::agent {

struct Doors {
  port::Files& files;
  const port::Clock& clock;
  port::Entropy& entropy;
  port::HttpClient& prompt_http;  // used on the prompt lane alone
  port::HttpClient& bulk_http;    // used on the bulk lane alone
  port::Sandbox& sandbox;
  port::Supervisor& supervisor;
  port::Background prompt;
  port::Background bulk;
  port::Log& log;
  std::int64_t agent_pid = 0;
  port::OpenSource open = {};  // bundles, wherever local root keeps them
};

class Agent {
 public:
  // Reads the state directory, recovers every component and starts the workloads. Needs no network
  // and no room on the disk. A damaged file costs what it was for and nothing else: the workloads
  // run from what the switches show, and `status` says which file it is and what to do.
  static Result<std::unique_ptr<Agent>> start(Config config, Pinned pinned, Doors doors);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Does what is due. How long until something is due again.
  Millis tick();
  // A workload ended that nobody asked to stop.
  void workload_ended(const std::string& workload, const port::Exit& exit);
  // One JSON line for `status`, `explain` and `install`, one JSON line back.
  [[nodiscard]] std::string answer(const std::string& request_line);

  [[nodiscard]] const install::State& state(const ComponentId& component) const;
  [[nodiscard]] std::string last_trouble() const { return trouble_; }

 private:
  struct Unit {
    install::State state;
    bool unsure = false;     // the disk failed under us: the file has to be read again
    bool unwritten = false;  // the state here is newer than the file, which could not be written
    std::vector<install::Effect> owed;  // only once the file says so, too
    std::string damage;                 // of the file: the component runs and is not changed
    bool fetching = false, asking = false, probing = false;  // jobs under way
    Uptime next_ask, next_probe, next_repair, next_invitation;
    std::optional<Order> order;
  };
  // The last bundle that local root handed in.
  struct Bundle {
    struct Release {
      ComponentId component;
      Digest release;
      std::string version;
      std::string rule;  // refused before anything was fetched; "": see the component's state
      std::string sentence;
    };
    std::string path;
    bool reading = false;
    std::optional<Error> error;
    std::vector<Release> releases;
  };

  Agent(Config config, Pinned pinned, Doors doors, Outbox outbox);
  void load_units();
  void load_unit(const ComponentId& id, Unit& unit);
  void count_boot();
  void recover(const ComponentId& id);
  void leave_banned();
  void start_recovered(const ComponentId& core);
  void repair(const ComponentId& id);

  // A clock that stands before what somebody trusted has signed counts as that.
  [[nodiscard]] install::Now now() const {
    return {std::max(doors_.clock.wall(), knowledge_.authenticated), doors_.clock.uptime()};
  }
  void feed(const ComponentId& id, const install::Event& event);
  enum class Keep : std::uint8_t { when_written, always };
  [[nodiscard]] bool commit(const ComponentId& id, install::State next, Keep keep);
  [[nodiscard]] static Keep keep_for(const install::State& before, const install::State& next,
                                     const install::Event& event);
  void write_again(const ComponentId& id);
  Status turn_back(const ComponentId& id, const install::FallBack& effect);
  void perform(const ComponentId& id, const install::Effect& effect);
  void activate(const ComponentId& id, const install::Activate& effect);
  void fall_back(const ComponentId& id, const install::FallBack& effect);
  void prune(const ComponentId& id, const install::Prune& effect);
  Workloads::Outcome restart_workload(const ComponentId& id);
  void crashed(const ComponentId& core, const std::string& sentence);

  void start_fetch(const ComponentId& id);
  void finish_fetch(const ComponentId& id, const Digest& release, const StagingOutcome& outcome);
  void start_ask(const ComponentId& id, const install::AskPermit& ask);
  void finish_ask(const ComponentId& id, const std::string& nonce,
                  const Result<PermitOutcome>& outcome);
  void start_taste(const ComponentId& id, const install::Candidate& candidate);
  [[nodiscard]] static Millis probe_interval(const install::State& state);
  void start_probe(const ComponentId& id);
  void finish_probe(const ComponentId& id, const Digest& release, const std::string& failure);

  void judge(const ComponentId& id);
  void judge_all();
  [[nodiscard]] std::vector<std::string> contract_reasons(const ComponentId& id) const;
  [[nodiscard]] const std::vector<statement::SignedAct>& acts_of(const ComponentId& id,
                                                                 const Digest& release) const;
  [[nodiscard]] std::vector<policy::Approver> approvers(const ComponentId& id) const;
  [[nodiscard]] std::string busy(const ComponentId& id) const;
  [[nodiscard]] std::string clock_doubt() const;

  void check_in();
  [[nodiscard]] wire::CheckIn report();
  [[nodiscard]] wire::ComponentReport report_of(const Unit& unit) const;
  void finish_check_in(std::uint64_t sequence, const Result<News>& news);
  void take_news(const News& news);
  void take_order(const Order& order);
  [[nodiscard]] bool handing_back(const Order& order) const;
  [[nodiscard]] json::Value describe_status() const;
  [[nodiscard]] json::Value describe_bundle() const;
  json::Value hand_in(const std::string& path);
  void take_bundle(const BundleNews& news);
  void refuse_carried(const CarriedRefusal& refusal);
  void invite_carried(const ComponentId& id);
  static void let_go_of_bundle(Unit& unit);
  void hasten_check_in();
  void collect_reports();
  [[nodiscard]] Millis jittered(Millis base);
  [[nodiscard]] Uptime next_due() const;
  [[nodiscard]] static Uptime unit_due(const Unit& unit, Uptime latest);
  void trouble(const std::string& sentence);
  [[nodiscard]] std::string all_troubles() const;

  Config config_;
  Doors doors_;
  Courier courier_;  // on the prompt lane only, once started
  Outbox outbox_;
  Workloads workloads_;
  Mirrors mirrors_;  // as the bulk lane knows them
  std::map<ComponentId, Unit> units_;
  Knowledge knowledge_;
  std::int64_t boot_count_ = 1;
  bool recovering_ = true;
  bool checking_in_ = false;
  Rhythm rhythm_{Uptime()};
  std::uint64_t beats_ = 0;
  std::optional<Instant> last_contact_;
  std::string trouble_;
  std::optional<Bundle> bundle_;
  std::vector<std::string> damages_;  // found at the start: they last until somebody mends them
};

// The version that a plan's manifest path names. Staging holds it against the manifest.
std::string version_in(const statement::Plan& plan);

}  // namespace fb::agent
