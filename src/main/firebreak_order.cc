// firebreak rollout hold|continue|halt|resume|revert: what a person orders of a rollout that runs
#include "main/firebreak_order.h"

#include <memory>

#include "publisher/acts.h"

namespace fb::cli {
namespace {

using publisher::Desk;
using statement::ActKind;

struct Words {
  std::string rollout, person, reason;
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
  on(command, program, [options, kind](Desk& desk) {
    publisher::ActOrder act;
    act.kind = kind;
    act.person = options->person;
    act.reason = options->reason;
    return publisher::act_on_rollout(desk, act, options->rollout);
  });
}

}  // namespace

void register_orders(CLI::App* noun, Program& program) {
  for (const Order& order : orders()) register_order(noun, program, order);
}

}  // namespace fb::cli
