// The decider: the one thread that changes the world, in batches that are durable before anybody
// hears of them.
//
// I/O threads submit commands; the thread takes what has come, runs it in order against the World
// with one Transaction, commits once, and then keeps the promises: replies, publication, notices. A
// tick is a command that the thread gives itself. When a commit fails for lack of space, everybody
// of that batch is told so and the world is read back from the store; when nobody can know what is
// on the disk, the process ends (`on_fatal`).
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/clock_check.h"
#include "server/world.h"

namespace fb::server {

struct Command {
  // Runs on the decider's thread. Promises go to tx.afterwards().
  std::function<void(World& world, Transaction& tx, Instant now)> run;
  // Instead of the promises, when the commit failed.
  std::function<void(const Error& error)> failed;
};

struct DeciderOptions {
  Millis tick = seconds(60);
  std::size_t batch = 4096;       // commands per transaction, so that a tick is never late by much
  std::size_t backlog = 100'000;  // waiting commands; beyond, submit() refuses
  // Called on the decider's thread, and at the start with what was not delivered before; must not
  // block.
  std::function<void(const Notice&)> notify;
  std::function<void(const Error&)> on_fatal;  // the process must end
  ClockWord clock = ClockWord::unknown;
};

class Decider {
 public:
  // Opens the world on the calling thread, then starts. Errors: clock_doubtful; those of the world.
  static Result<std::unique_ptr<Decider>> start(const Config& config, const Doors& doors,
                                                const OnlineSigners& signers,
                                                DeciderOptions options);
  // The same without a thread: whoever calls it is the decider's thread, and calls turn().
  static Result<std::unique_ptr<Decider>> open(const Config& config, const Doors& doors,
                                               const OnlineSigners& signers,
                                               DeciderOptions options);
  ~Decider();
  Decider(const Decider&) = delete;
  Decider& operator=(const Decider&) = delete;

  // From any thread. Errors: unavailable (too many waiting, or stopping).
  Status submit(Command command);
  // The notice need not be told again. Any thread.
  void delivered(std::uint64_t notice);
  // Of an opened one: decides what was submitted, and a tick that is due.
  void turn();
  // Finishes what was submitted and joins. An opened one drops what no turn() has taken.
  void stop();

  // The permit with the log's proof, which continues a log of `known` entries, signed by the
  // rollouts keys. On the decider's thread (inside promises). Errors: those of store and signer.
  Result<statement::Envelope> seal(World::Grant grant, std::uint64_t known);
  // The newest checkpoint; it covers what is committed, and only that. Any thread.
  [[nodiscard]] std::shared_ptr<const std::string> checkpoint() const;
  // Why no decisions are being made, or ok. Any thread.
  [[nodiscard]] Status ready() const;
  struct RolloutGauges {
    std::int32_t rollout = 0;
    std::string component;
    double exposed = 0, limit = 0, harmed = 0, evidence = 1;
    bool halted = false;
    bool halted_for_one_tenant = false;
  };
  // As of the last tick. Any thread.
  [[nodiscard]] std::shared_ptr<const std::vector<RolloutGauges>> rollout_gauges() const;
  // The same, of the published metadata. Any thread.
  [[nodiscard]] std::shared_ptr<const std::vector<RoleExpiry>> role_expiries() const;
  struct Counters {
    std::atomic<std::uint64_t> commands{0}, commits{0}, failures{0}, permits{0}, denials{0},
        check_ins{0}, reports{0}, notices{0}, delivered{0};
  };
  Counters counters;

 private:
  Decider(const Config& config, const Doors& doors, const OnlineSigners& signers,
          DeciderOptions options)
      : config_(config), doors_(doors), signers_(signers), options_(std::move(options)) {}
  void work();
  std::vector<Command> wait_for_work();
  std::vector<Command> take_waiting();
  void decide(const std::vector<Command>& commands, bool tick_due);
  std::vector<Notice> keep_notices(Transaction& tx);
  Status commit(Transaction& tx);
  void recover(const Error& error, const std::vector<Command>& commands);
  static void refuse(const Error& error, const std::vector<Command>& commands);
  bool read_back();
  void take_gauges();
  void show_checkpoint();
  [[nodiscard]] Instant now() const;

  const Config& config_;
  Doors doors_;
  const OnlineSigners& signers_;
  DeciderOptions options_;
  std::unique_ptr<World> world_;  // none after a failed commit, until it was read back
  Instant started_wall_;
  Uptime started_uptime_;
  Uptime next_tick_;
  rollout::Continuity continuity_ = rollout::Continuity::was_down;
  mutable std::mutex mutex_;  // guards the seven below
  std::condition_variable changed_;
  std::vector<Command> waiting_;
  bool stopping_ = false;
  std::optional<Error> trouble_;
  std::shared_ptr<const std::vector<RolloutGauges>> gauges_ =
      std::make_shared<std::vector<RolloutGauges>>();
  std::shared_ptr<const std::string> checkpoint_ = std::make_shared<std::string>();
  std::shared_ptr<const std::vector<RoleExpiry>> expiries_ =
      std::make_shared<std::vector<RoleExpiry>>();
  std::thread thread_;
};

}  // namespace fb::server
