#include "server/decider.h"

#include <chrono>

namespace fb::server {

Result<std::unique_ptr<Decider>> Decider::start(const Config& config, const Doors& doors,
                                                const OnlineSigners& signers,
                                                DeciderOptions options) {
  FB_ASSIGN(auto decider, open(config, doors, signers, std::move(options)));
  decider->thread_ = std::thread([raw = decider.get()] { raw->work(); });
  return decider;
}

Result<std::unique_ptr<Decider>> Decider::open(const Config& config, const Doors& doors,
                                               const OnlineSigners& signers,
                                               DeciderOptions options) {
  std::unique_ptr<Decider> decider(new Decider(config, doors, signers, std::move(options)));
  decider->started_wall_ = doors.clock.wall();
  decider->started_uptime_ = doors.clock.uptime();
  decider->next_tick_ = decider->started_uptime_;  // at once
  FB_TRY(check_clock(doors.store, decider->started_wall_, decider->options_.clock));
  FB_ASSIGN(decider->world_, World::open(config, doors, signers, decider->started_wall_));
  for (const auto& [number, notice] : decider->world_->notices.waiting())
    decider->options_.notify(notice);
  decider->show_checkpoint();
  return decider;
}

Decider::~Decider() { stop(); }

void Decider::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// Wall time that does not step: the wall clock at the start plus what has passed since.
Instant Decider::now() const { return started_wall_ + (doors_.clock.uptime() - started_uptime_); }

Status Decider::submit(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Error{ErrorCode::unavailable, "the server is stopping"};
    if (trouble_ && trouble_->code == ErrorCode::io_failed) return *trouble_;
    if (waiting_.size() >= options_.backlog)
      return Error{ErrorCode::unavailable, "too many requests are waiting; come again later"};
    waiting_.push_back(std::move(command));
  }
  changed_.notify_one();
  return {};
}

Status Decider::ready() const {
  const std::lock_guard lock(mutex_);
  if (trouble_) return *trouble_;
  return {};
}

void Decider::work() {
  while (true) {
    const std::vector<Command> commands = wait_for_work();
    const bool tick_due = doors_.clock.uptime() >= next_tick_;
    {
      const std::lock_guard lock(mutex_);
      if (commands.empty() && stopping_) return;
    }
    decide(commands, tick_due);
  }
}

std::vector<Command> Decider::wait_for_work() {
  std::unique_lock lock(mutex_);
  const auto pause =
      std::chrono::milliseconds(std::max<std::int64_t>(0, (next_tick_ - doors_.clock.uptime()).ms));
  changed_.wait_for(lock, pause, [&] { return !waiting_.empty() || stopping_; });
  return take_waiting();
}

void Decider::turn() {
  std::vector<Command> commands;
  {
    const std::lock_guard lock(mutex_);
    commands = take_waiting();
  }
  decide(commands, doors_.clock.uptime() >= next_tick_);
}

// Under the mutex.
std::vector<Command> Decider::take_waiting() {
  std::vector<Command> taken;
  if (waiting_.size() <= options_.batch) {
    taken.swap(waiting_);
  } else {
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(options_.batch);
    taken.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  return taken;
}

void Decider::decide(const std::vector<Command>& commands, bool tick_due) {
  if (!world_ && !read_back()) {
    if (tick_due) next_tick_ = doors_.clock.uptime() + options_.tick;
    return refuse(*trouble_, commands);
  }
  Transaction tx(world_->log->tip().size);
  const Instant at = now();
  Status status;
  if (tick_due) {  // before the commands: after a restart nobody gets a permit before the outage is
                   // accounted for
    next_tick_ = doors_.clock.uptime() + options_.tick;
    status = world_->tick(tx, at, continuity_);
    continuity_ = rollout::Continuity::unbroken;
  }
  for (const Command& command : commands) command.run(*world_, tx, at);
  counters.commands += commands.size();
  if (status.ok()) status = world_->rollouts->flush(tx, at);
  const std::vector<Notice> notices = keep_notices(tx);
  if (status.ok()) status = commit(tx);
  if (!status.ok()) return recover(status.error(), commands);

  for (const auto& keep : tx.promises()) keep();
  if (tick_due) take_gauges();
  for (const Notice& notice : notices) options_.notify(notice);
}

// Kept with the decision they tell of, if there is somebody to tell.
std::vector<Notice> Decider::keep_notices(Transaction& tx) {
  std::vector<Notice> notices = world_->take_notices();
  counters.notices += notices.size();
  if (config_.webhook.empty()) return notices;
  for (Notice& notice : notices) world_->notices.add(notice, tx);
  return notices;
}

// A refusal is no harm: the notice stays, and is told once more after the next start.
void Decider::delivered(std::uint64_t notice) {
  ++counters.delivered;
  const Status submitted = submit(
      {[notice](World& world, Transaction& tx, Instant) { world.notices.settle(notice, tx); }, {}});
  (void)submitted;
}

Status Decider::commit(Transaction& tx) {
  if (!tx.batch().empty()) {
    FB_TRY(world_->log->seal(tx));
    FB_TRY(doors_.store.commit(tx.batch()));
    ++counters.commits;
    show_checkpoint();
  }
  if (world_->repository->unpublished()) FB_TRY(world_->repository->publish());
  return {};
}

// Nothing of the batch happened, but the world in memory took it for done: it is thrown away. With
// a store that says so (no space), it is read back and goes on, calmly, as soon as that works;
// otherwise nobody knows what is on the disk, and only a new start can find out.
void Decider::recover(const Error& error, const std::vector<Command>& commands) {
  ++counters.failures;
  world_.reset();
  {
    const std::lock_guard lock(mutex_);
    trouble_ = error;
  }
  refuse(error, commands);
  if (error.code != ErrorCode::no_space)
    options_.on_fatal(error);
  else
    read_back();
}

void Decider::refuse(const Error& error, const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    if (command.failed) command.failed(error);
  }
}

// Whether there is a world again.
bool Decider::read_back() {
  if (trouble_->code != ErrorCode::no_space) return false;
  auto world = World::open(config_, doors_, signers_, now());
  if (!world.ok()) {
    const std::lock_guard lock(mutex_);
    trouble_ = world.error();
  }
  if (!world.ok() && world.error().code != ErrorCode::no_space) options_.on_fatal(world.error());
  if (!world.ok()) return false;
  world_ = std::move(world).value();
  continuity_ = rollout::Continuity::was_down;
  next_tick_ = doors_.clock.uptime();
  show_checkpoint();
  const std::lock_guard lock(mutex_);
  trouble_.reset();
  return true;
}

void Decider::take_gauges() {
  auto gauges = std::make_shared<std::vector<RolloutGauges>>();
  for (const auto& [id, run] : world_->rollouts->all()) {
    const auto seen = rollout::view(run->state());
    gauges->push_back({id.number(), run->record().plan.component.text(),
                       static_cast<double>(seen.exposed), static_cast<double>(seen.limit),
                       static_cast<double>(seen.harmed), seen.evidence, run->halted(),
                       run->halted_tenant().has_value()});
  }
  auto expiries = std::make_shared<std::vector<RoleExpiry>>(world_->repository->expiries());
  const std::lock_guard lock(mutex_);
  gauges_ = std::move(gauges);
  expiries_ = std::move(expiries);
}

std::shared_ptr<const std::vector<RoleExpiry>> Decider::role_expiries() const {
  const std::lock_guard lock(mutex_);
  return expiries_;
}

std::shared_ptr<const std::vector<Decider::RolloutGauges>> Decider::rollout_gauges() const {
  const std::lock_guard lock(mutex_);
  return gauges_;
}

void Decider::show_checkpoint() {
  auto shown = std::make_shared<const std::string>(world_->log->checkpoint());
  const std::lock_guard lock(mutex_);
  checkpoint_ = std::move(shown);
}

std::shared_ptr<const std::string> Decider::checkpoint() const {
  const std::lock_guard lock(mutex_);
  return checkpoint_;
}

Result<statement::Envelope> Decider::seal(World::Grant grant, std::uint64_t known) {
  FB_ASSIGN(grant.permit.log, world_->log->prove(grant.release_entry, known));
  return signers_.rollouts.seal(statement::kPermitType, statement::encode(grant.permit));
}

}  // namespace fb::server
