// firebreak device list|show, firebreak explain, firebreak incident list|show
#include <memory>

#include "main/firebreak.h"
#include "publisher/device_view.h"
#include "publisher/incident_view.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::string id;
  std::string component;
};

void register_incidents(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(app, "incident", "Incident records: each halt opens one");
  const auto options = std::make_shared<Options>();
  CLI::App* list = add_command(noun, "list", "All of them", "firebreak incident list");
  on(list, program, [](Desk& desk) { return publisher::list_incidents(desk.server); });
  CLI::App* show = add_command(noun, "show", "One, with its timeline", "firebreak incident show 1");
  show->add_option("incident", options->id, "Its id")->required()->type_name("ID");
  on(show, program,
     [options](Desk& desk) { return publisher::show_incident(desk.server, options->id); });
}

}  // namespace

void register_devices(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(app, "device", "Devices: what they run, when they were heard");
  const auto options = std::make_shared<Options>();

  CLI::App* list = add_command(noun, "list", "Every device that enrolled", "firebreak device list");
  on(
      list, program,
      [](Desk& desk) { return publisher::list_devices(desk.server, desk.clock.wall()); },
      Afterwards::sync);

  CLI::App* show = add_command(noun, "show", "One device", "firebreak device show 3f9a");
  show->add_option("device", options->id, "Its id, or the beginning of it")
      ->required()
      ->type_name("DEVICE");
  on(show, program, [options](Desk& desk) {
    return publisher::show_device(desk.server, options->id, desk.clock.wall());
  });

  CLI::App* explain = add_command(
      &app, "explain", "Why a device did or did not get a release, as the server sees it",
      "firebreak explain 3f9a --component sensor.channel");
  explain->add_option("device", options->id, "Its id, or the beginning of it")
      ->required()
      ->type_name("DEVICE");
  explain->add_option("--component", options->component, "Only this one")
      ->type_name("PRODUCT.COMPONENT");
  on(explain, program, [options](Desk& desk) {
    return publisher::explain_device(desk.server, options->id, options->component);
  });

  register_incidents(app, program);
}

}  // namespace fb::cli
