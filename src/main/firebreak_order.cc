// firebreak rollout hold|continue|accept|halt|resume|revert: what a person orders of a rollout that
// runs
#include "main/firebreak_order.h"

#include <memory>

#include "publisher/acts.h"

namespace fb::cli {
namespace {

using publisher::Desk;
using statement::ActKind;

struct Words {
  std::string rollout, person, reason;
  std::int64_t budget = 0;
};

struct Order {
  ActKind kind;
  const char* what;
  const char* example;
};

const std::vector<Order>& orders() {
  static const std::vector<Order> kOrders{
      {ActKind::hold, "Pause: no new device starts; one person",
       "firebreak rollout hold 1 --as operator --reason 'support is busy'"},
      {ActKind::go_on, "Go on after a hold; one person",
       "firebreak rollout continue 1 --as operator"},
      {ActKind::accept,
       "Give it a larger harm budget, or let it go on though all who have it went bad; two people "
       "must say the same",
       "firebreak rollout accept 1 --budget 40 --as operator --reason 'kiosks may be lost'"},
      {ActKind::halt, "Stop for good, now, and send devices back; one person, no approval",
       "firebreak rollout halt 1 --as operator --reason 'crashes in Oslo'"},
      {ActKind::resume, "Try again after a halt: a new rollout; two people must say so",
       "firebreak rollout resume 1 --as security --reason 'cause was the lab network'"},
      {ActKind::revert, "Send devices back to their last-known-good",
       "firebreak rollout revert 1 --as operator --reason 'customers ask for it'"}};
  return kOrders;
}

void register_order(CLI::App* noun, Program& program, const Order& order) {
  const auto options = std::make_shared<Words>();
  CLI::App* command =
      add_command(noun, std::string(statement::word(order.kind)), order.what, order.example);
  command->add_option("rollout", options->rollout, "Its number")->required()->type_name("ID");
  add_person(command, options->person, options->reason);
  const ActKind kind = order.kind;
  if (kind == ActKind::accept) {
    command
        ->add_option("--budget", options->budget, "Machines that may be harmed; by probing twice")
        ->required()
        ->check(CLI::PositiveNumber)
        ->type_name("N");
  }
  on(command, program, [options, kind](Desk& desk) {
    publisher::ActOrder act;
    act.kind = kind;
    act.person = options->person;
    act.reason = options->reason;
    act.budget = options->budget;
    return publisher::act_on_rollout(desk, act, options->rollout);
  });
}

}  // namespace

void register_orders(CLI::App* noun, Program& program) {
  for (const Order& order : orders()) register_order(noun, program, order);
}

}  // namespace fb::cli
