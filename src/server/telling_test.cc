// What the server tells by itself: notices to a webhook, numbers to Prometheus.
#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/limits.h"
#include "http/client.h"
#include "http/server.h"
#include "server/lab_test.h"
#include "server/webhook.h"

namespace fb::server {
namespace {

// Somebody's pager: a real HTTP server that answers what it is told to.
class Pager final : public port::HttpHandler {
 public:
  Pager() : server_(std::move(http::Server::start({.threads = 1}, *this)).value()) {}
  ~Pager() override { server_->stop(seconds(1)); }
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/page";
  }
  // Refuses the next `times` calls.
  void refuse(int times) {
    const std::lock_guard lock(mutex_);
    refusals_ = times;
  }
  // Once that many calls have come; fewer when they do not come within ten seconds.
  std::vector<json::Value> calls(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return calls_.size() >= count; });
    return calls_;
  }

  [[nodiscard]] std::size_t body_limit(std::string_view, std::string_view) const override {
    return 1U << 20U;
  }
  void handle(port::ServerRequest request, port::Reply reply) override {
    const std::lock_guard lock(mutex_);
    calls_.push_back(json::parse(request.body).value());
    changed_.notify_all();
    reply({.status = refusals_-- > 0 ? 503 : 204, .headers = {}, .body = {}, .file = {}});
  }
  [[nodiscard]] port::ServerResponse refusal(int status, std::string_view) const override {
    return {.status = status, .headers = {}, .body = {}, .file = {}};
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<json::Value> calls_;
  int refusals_ = 0;
  std::unique_ptr<http::Server> server_;
};

struct Hook {
  Hook(const std::string& url, std::function<void(std::uint64_t)> settled)
      : webhook(url, std::make_unique<http::Client>("test")) {
    webhook.start(std::move(settled), milliseconds(1));
  }
  Webhook webhook;
};

Notice notice(std::uint64_t number, const std::string& event) {
  return {.number = number,
          .event = event,
          .rollout = rollout_id(3),
          .component = "sensor.channel",
          .version = "291",
          .reason = "because",
          .at = tuf::kTestNow};
}

TEST(Webhook, TellsHoldHaltAndExhaustedInOrder) {
  Pager pager;
  std::promise<void> all;
  Hook hook(pager.url(), [&](std::uint64_t number) {
    if (number == 3) all.set_value();
  });
  const std::vector<std::string> events{"held", "halted", "exhausted"};
  for (std::size_t i = 0; i < events.size(); ++i) hook.webhook.tell(notice(i + 1, events[i]));
  all.get_future().wait();
  const auto calls = pager.calls(3);
  ASSERT_EQ(calls.size(), 3U);
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(calls[i]["event"], events[i]);
  EXPECT_EQ(calls[1], json::parse(encode(notice(2, "halted"))).value());
}

TEST(Webhook, TriesAgainUntilTheReceiverTakesIt) {
  Pager pager;
  pager.refuse(4);
  std::promise<std::uint64_t> settled;
  Hook hook(pager.url(), [&](std::uint64_t number) { settled.set_value(number); });
  hook.webhook.tell(notice(7, "halted"));
  EXPECT_EQ(settled.get_future().get(), 7U);
  EXPECT_EQ(pager.calls(5).size(), 5U);
}

TEST(Webhook, ThatNobodyAnswersKeepsNoServerFromStopping) {
  Hook hook("http://127.0.0.1:1/page", [](std::uint64_t) { FAIL() << "nobody took it"; });
  hook.webhook.tell(notice(1, "halted"));
  hook.webhook.stop();
}

TEST(Notices, SurviveTheServerUntilTheyAreDelivered) {
  Lab lab;
  lab.config.webhook = "http://pager";
  lab.restart();
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(2);
  ASSERT_EQ(lab.halt(rollout, release).status, 201);
  lab.settle();
  ASSERT_FALSE(lab.notices.empty());
  const Notice halted = lab.notices.back();
  EXPECT_EQ(halted.event, "halted");

  lab.notices.clear();
  lab.restart();
  lab.settle();
  ASSERT_FALSE(lab.notices.empty()) << "told again: nobody said that it was delivered";
  EXPECT_EQ(encode(lab.notices.back()), encode(halted));

  for (const Notice& each : lab.notices) lab.decider->delivered(each.number);
  lab.settle();
  lab.notices.clear();
  lab.restart();
  lab.settle();
  EXPECT_TRUE(lab.notices.empty());
}

TEST(Notices, AreNotKeptWhereNobodyIsToldAndNeverMoreThanTheirLimit) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  lab.halt(lab.start(release), release);
  lab.settle();
  EXPECT_EQ(lab.notices.back().number, 0U);

  Notices many;
  Transaction tx{{}};
  for (std::size_t i = 0; i < limits::kNotices + 5; ++i) {
    Notice each = notice(0, "held");
    many.add(each, tx);
  }
  EXPECT_EQ(many.waiting().size(), limits::kNotices);
  EXPECT_EQ(many.waiting().begin()->first, 6U);
}

// The value of a metric line, e.g. firebreak_permits_total; -1: there is none.
double metric(Lab& lab, const std::string& name) {
  const std::string text = lab.send("GET", "/metrics", "", "").body;
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(Metrics, CountWhatHappened) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(4);
  const auto exposed = static_cast<double>(lab.dispatched(rollout));
  ASSERT_GT(exposed, 0);
  const std::string labels =
      "{component=\"sensor.channel\",rollout=\"" + std::to_string(rollout) + "\"}";
  EXPECT_EQ(metric(lab, "firebreak_permits_total"), exposed);
  EXPECT_EQ(metric(lab, "firebreak_rollout_exposed" + labels), exposed);
  EXPECT_EQ(metric(lab, "firebreak_rollout_halted" + labels), 0);
  EXPECT_GE(metric(lab, "firebreak_rollout_limit" + labels), exposed);
  EXPECT_GE(metric(lab, "firebreak_check_ins_total"), 4 * 60);
  EXPECT_GT(metric(lab, "firebreak_commits_total"), 0);

  ASSERT_EQ(lab.halt(rollout, release).status, 201);
  EXPECT_EQ(lab.ask(lab.devices[0], rollout, release, Lab::nonce(99)), "halted");
  lab.beat();
  EXPECT_EQ(metric(lab, "firebreak_rollout_halted" + labels), 1);
  EXPECT_EQ(metric(lab, "firebreak_permit_denials_total"), 1);
  EXPECT_EQ(metric(lab, "firebreak_notices_total"), static_cast<double>(lab.notices.size()));
}

}  // namespace
}  // namespace fb::server
