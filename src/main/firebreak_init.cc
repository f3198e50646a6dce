// firebreak init
#include <memory>

#include "base/limits.h"
#include "main/firebreak.h"
#include "main/firebreak_passphrase.h"
#include "posix/directory.h"
#include "posix/raw_file.h"
#include "posix/system_clock.h"
#include "publisher/layout.h"

namespace fb::cli {
namespace {

struct Options {
  std::string folder;
  bool lab = false;
  std::vector<std::string> tenants{"acme"};
  std::string listen = "127.0.0.1:8440";
  std::string people_file;
};

Result<publisher::LayoutOrder> order_of(const Options& options, Instant now) {
  publisher::LayoutOrder order{options.lab ? publisher::Profile::lab : publisher::Profile::standard,
                               {},
                               options.listen,
                               {},
                               now};
  for (const std::string& name : options.tenants) {
    auto tenant = TenantId::parse(name);
    if (!tenant.ok()) return Error{ErrorCode::bad_usage, tenant.error().detail};
    order.tenants.push_back(std::move(tenant).value());
  }
  if (options.people_file.empty()) return order;
  FB_ASSIGN(const std::string bytes,
            posix::read_file(options.people_file, limits::kJsonBytes).in(options.people_file));
  FB_ASSIGN(order.people, statement::decode_people(bytes).in(options.people_file));
  return order;
}

Result<publisher::Outcome> run(const Options& options) {
  posix::SystemEntropy entropy;
  PemKeys keys;
  FB_ASSIGN(const auto order, order_of(options, posix::SystemClock().wall()));
  FB_ASSIGN(const auto home, posix::open_directory(options.folder));
  FB_TRY(publisher::check_free(*home));
  FB_ASSIGN(const auto files, publisher::compose_layout(order, keys, entropy));
  FB_TRY(publisher::write_layout(*home, files));
  return publisher::describe_layout(order, options.folder);
}

}  // namespace

void register_init(CLI::App& app, Program& program) {
  CLI::App* command = add_command(
      &app, "init", "Make a home: keys, people, tenants, repository, server configuration",
      "firebreak init lab --lab --tenants acme,hospital");
  const auto options = std::make_shared<Options>();
  command->add_option("dir", options->folder, "The folder to make")->required()->type_name("DIR");
  command->add_flag(
      "--lab", options->lab,
      "For trying things out: seconds instead of hours, sample people, keys unencrypted");
  command->add_option("--tenants", options->tenants, "Customers, separated by commas")
      ->delimiter(',')
      ->type_name("A,B")
      ->capture_default_str();
  command
      ->add_option("--listen", options->listen,
                   "Where the server will listen; port 0: any free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command
      ->add_option("--people", options->people_file,
                   "Who may decide, with keys they made (format firebreak.people/1)")
      ->type_name("FILE");
  command->callback([&program, options] { program.chosen = [options] { return run(*options); }; });
}

}  // namespace fb::cli
