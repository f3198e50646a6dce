#include "sim/rivals.h"

namespace fb::sim {
namespace {

// Everybody at once, and nobody looks: how content went out on 19 July 2024.
class BigBang : public Rule {
 public:
  explicit BigBang(const Scenario& scenario) : places_(scenario.fleet.devices) {}
  [[nodiscard]] std::int64_t open_places() const override { return places_; }
  void took(const Permits& permits) override {
    for (const std::int64_t count : permits.inside) places_ -= count;
    for (const std::int64_t count : permits.handed_back) places_ += count;
    places_ -= permits.outside;
  }
  void see(const Sight&) override {}
  [[nodiscard]] bool halted() const override { return false; }
  [[nodiscard]] bool stuck() const override { return false; }
  [[nodiscard]] bool watches_without_control() const override { return false; }

 private:
  std::int64_t places_ = 0;
};

template <class R>
std::unique_ptr<Rule> made(const Scenario& scenario) {
  return std::make_unique<R>(scenario);
}

}  // namespace

const std::vector<Rival>& rivals() {
  static const std::vector<Rival> kRivals = {
      {"bigbang", "everybody at once", made<BigBang>},
  };
  return kRivals;
}

}  // namespace fb::sim
