// Evidence that a tiny fleet borrows from an earlier rollout of the same release.
#include "server/loans.h"

#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::ActKind;

// Sixty devices have the release by rollout 1; eight more are enrolled after it.
class Loans : public ::testing::Test {
 protected:
  Loans() : lab({.devices = 60, .tenants = 3, .budget = 20}) {
    release = lab.publish_channel("291");
    first = lab.start(release);
    for (int i = 0; i < 60 && lab.state(first) != "completed"; ++i) lab.beat();
    EXPECT_EQ(lab.state(first), "completed") << lab.rollout(first);
    lab.config.every_kind.budget = 2;  // for the next process
    lab.restart();
    enrol(8);
  }

  void enrol(int devices) {
    for (int i = 0; i < devices; ++i) lab.enrol(i % 3).staged = release;
    lab.beat(4);
  }

  port::ServerResponse start(std::vector<int> lenders) {
    auto act = lab.act(ActKind::start, "otto", release);
    for (const int each : lenders) act.borrow.push_back(rollout_id(each));
    return lab.order(act);
  }
  std::string refusal(std::vector<int> lenders) {
    const auto response = start(std::move(lenders));
    EXPECT_GE(response.status, 400) << response.body;
    return Lab::detail_of(response);
  }
  port::ServerResponse scope(const std::string& lenders) {
    auto promise = std::make_shared<std::promise<port::ServerResponse>>();
    port::ServerRequest request;
    request.method = "GET";
    request.path = "/api/v1/releases/" + release.text() + "/scope";
    request.query = {{"lane", "standard"}, {"borrow", lenders}};
    request.headers["authorization"] = "Bearer " + kApiToken;
    lab.router->handle(std::move(request), [promise](port::ServerResponse response) {
      promise->set_value(std::move(response));
    });
    return promise->get_future().get();
  }
  int beats_until_completed(int rollout) {
    for (int beats = 0; beats < 200; ++beats) {
      if (lab.state(rollout) == "completed") return beats;
      lab.beat();
    }
    return 200;
  }

  Lab lab;
  Digest release;
  int first = 0;
};

TEST_F(Loans, AreDeclaredInTheSignedStartAndLogged) {
  const auto response = start({first});
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_NE(response.body.find("the bound counts 60 machines of rollout 1 and holds only if "
                               "machines here fail no more often than those"),
            std::string::npos)
      << response.body;
  const auto entry = lab.log("start").back();
  EXPECT_EQ(entry.data.at("borrowed"), (json::Value{{"rollouts", {1}}, {"machines", 60}}));
  const auto envelope = statement::decode_envelope(entry.data.at("envelope"));
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(statement::decode_act(envelope->payload)->borrow, std::vector{rollout_id(1)});
  const auto view = lab.rollout(Lab::rollout_of(response));
  EXPECT_EQ(view["borrowed"], (json::Value{{"rollouts", {1}}, {"machines", 60}}));
}

TEST_F(Loans, AreInTheScopeThatAPlanIsMadeFrom) {
  const auto response = scope("1");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto read = rollout::decode_scope(*json::parse(response.body));
  ASSERT_TRUE(read.ok()) << read.error().detail;
  ASSERT_TRUE(read->start.loan.has_value());
  EXPECT_EQ(read->start.loan->from, std::vector{rollout_id(1)});
  EXPECT_EQ(read->start.loan->horizons.front().outcomes.resolved, 60);
  EXPECT_EQ(json::parse(scope("").body)->contains("loan"), false);
  EXPECT_EQ(Lab::detail_of(scope("1,7")), "there is no rollout 7");
  EXPECT_EQ(Lab::rule_of(scope("one")), "malformed");
  EXPECT_EQ(Lab::rule_of(scope("1,2,3,4,5,6,7,8,9")), "too_many");
}

TEST_F(Loans, ServeATinyFleetSoonerAndOutliveARestart) {
  const int rollout = Lab::rollout_of(start({first}));
  ASSERT_NE(rollout, 0);
  lab.beat(3);
  EXPECT_EQ(lab.dispatched(rollout), 2) << "the first wave is its own: " << lab.rollout(rollout);
  lab.restart();
  const int beats = beats_until_completed(rollout);
  EXPECT_LT(beats, 40) << lab.rollout(rollout);
  const auto view = lab.rollout(rollout);
  EXPECT_EQ(view["exposed"], 8);
  EXPECT_EQ(view["borrowed"]["machines"], 60);
}

TEST_F(Loans, ComeFromAllRolloutsOfTheReleaseOrFromNone) {
  const Digest other = lab.publish_channel("292", {1, 19});
  EXPECT_EQ(refusal({7}), "there is no rollout 7");
  auto act = lab.act(ActKind::start, "otto", other);
  act.borrow = {rollout_id(first)};
  ASSERT_EQ(lab.order(ActKind::approve, "rita", other).status, 201);
  EXPECT_NE(Lab::detail_of(lab.order(act)).find("only rollouts of the same release lend"),
            std::string::npos);
  const int second = Lab::rollout_of(start({}));
  ASSERT_NE(second, 0);
  EXPECT_GT(beats_until_completed(second), 40) << "alone it is slow";
  enrol(4);
  EXPECT_NE(refusal({first}).find("by rollout 1, 2: borrow from all of these or from none"),
            std::string::npos);
  EXPECT_EQ(start({second, first}).status, 201);
}

TEST_F(Loans, AReleaseThatWasHaltedOnceLendsNothing) {
  const int second = Lab::rollout_of(start({first}));
  lab.beat(3);
  ASSERT_EQ(lab.halt(second, release).status, 201);
  ASSERT_EQ(lab.order(ActKind::resume, "otto", release, second).status, 201);
  const int third = Lab::rollout_of(lab.order(ActKind::resume, "sven", release, second));
  ASSERT_NE(third, 0) << "a retry has evidence of its own alone";
  EXPECT_TRUE(lab.rollout(third)["borrowed"].is_null());
  EXPECT_NE(refusal({first, second}).find("rollout 2 lends nothing: it was halted"),
            std::string::npos);
}

}  // namespace
}  // namespace fb::server
