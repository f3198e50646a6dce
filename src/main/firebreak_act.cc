// firebreak approve, firebreak waive
#include <memory>

#include "main/firebreak.h"
#include "publisher/acts.h"

namespace fb::cli {
namespace {

struct Options {
  std::vector<std::string> release;
  std::string person, gate, reason;
};

void add_common(CLI::App* command, const std::shared_ptr<Options>& options) {
  command
      ->add_option("release", options->release, "Digest, its beginning, or component and version")
      ->required()
      ->expected(1, 2);
  add_person(command, options->person, options->reason);
}

void register_act(CLI::App* command, Program& program, const std::shared_ptr<Options>& options,
                  statement::ActKind kind) {
  on(
      command, program,
      [options, kind](publisher::Desk& desk) {
        publisher::ActOrder order;
        order.kind = kind;
        order.person = options->person;
        order.gate = options->gate;
        order.reason = options->reason;
        return publisher::act_on_release(desk, order, options->release);
      },
      Afterwards::sync);
}

}  // namespace

void register_acts(CLI::App& app, Program& program) {
  const auto approving = std::make_shared<Options>();
  CLI::App* approve = add_command(
      &app, "approve", "Approve a release with one's own key; the author's approval never counts",
      "firebreak approve sensor.channel 290 --as reviewer");
  add_common(approve, approving);
  register_act(approve, program, approving, statement::ActKind::approve);

  const auto waiving = std::make_shared<Options>();
  CLI::App* waive = add_command(
      &app, "waive", "Break glass: open a closed gate; two people with different roles are needed",
      "firebreak waive sensor.channel 291 --gate contract --as security --reason 'lab devices "
      "only'");
  add_common(waive, waiving);
  waive->add_option("--gate", waiving->gate, "Which gate")->required()->type_name("GATE");
  register_act(waive, program, waiving, statement::ActKind::waive);
}

}  // namespace fb::cli
