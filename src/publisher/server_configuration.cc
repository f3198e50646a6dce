#include "publisher/server_configuration.h"

#include <algorithm>

#include "publisher/home.h"

namespace fb::publisher {
namespace {

// host:port with nothing in it that TOML or a URL would read as more than that.
Result<std::string> port_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  const bool digits =
      !port.empty() && port.size() <= 5 &&
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool host = colon != std::string::npos && colon > 0 &&
                    listen.find_first_of("\"'\\/ \n\t") == std::string::npos;
  if (digits && host && std::stoi(port) <= 65535) return port;
  return Error{ErrorCode::bad_usage,
               "--listen '" + listen + "': host:port is expected, for example 127.0.0.1:8440"};
}

// Production runs with what its profile says, which the server checks against each other.
std::string timing(Profile profile) {
  if (profile == Profile::standard) return "";
  return "[timing]\n"
         "heartbeat_ms = 1000\n"
         "silence_ms = 5000\n"
         "tick_ms = 100\n"
         "freshness_ms = 2000\n"
         "\n[rollout]\n"
         "horizons_ms = [6000, 8000]\n"
         "budget = 30\n"
         "holdback_bake_ms = 2000\n";
}

}  // namespace

Result<std::string> server_configuration(const LayoutOrder& order,
                                         const std::vector<TenantSeat>& tenants) {
  FB_TRY(port_of(order.listen));
  std::string text = "# The server's configuration. Paths are relative to this file.\n";
  text += "listen = \"" + order.listen + "\"\n";
  text +=
      "state_dir = \"state\"\n"
      "repository = \"repository\"\n"
      "profile = \"" +
      std::string(word(order.profile)) +
      "\"\n"
      "api_token_file = \"api.token\"\n"
      "webhook = \"\"\n"
      "\n[keys]\n"
      "rollouts = \"keys/rollouts.pem\"\n"
      "snapshot = \"keys/snapshot.pem\"\n"
      "timestamp = \"keys/timestamp.pem\"\n"
      "log = \"keys/log.pem\"\n\n";
  text += timing(order.profile);
  for (const TenantSeat& tenant : tenants) {
    text += "\n[[tenant]]\nid = \"" + tenant.id.text() + "\"\n";
    text += "enrolment_token_sha256 = \"" + tenant.enrolment.text() + "\"\n";
    text += "policy_key = '" + json::compact(tenant.policy_key.document) + "'\n";
  }
  return text;
}

Result<std::string> own_configuration(const LayoutOrder& order) {
  FB_ASSIGN(const std::string port, port_of(order.listen));
  std::string text =
      "# This folder is a publisher's home; `firebreak` finds it from anywhere below. Paths are "
      "relative to this file.\n"
      "profile = \"" +
      std::string(word(order.profile)) + "\"\n";
  if (std::stoi(port) == 0) {
    text += "server_url_file = \"" + std::string(kServerUrl) +
            "\"  # the server writes where it listens\n";
  } else {
    // A server that listens everywhere is reached here by the loopback address.
    const std::string host = order.listen.substr(0, order.listen.rfind(':'));
    text += "server = \"http://" + (host == "0.0.0.0" ? "127.0.0.1" : host) + ":" + port + "\"\n";
  }
  return text + "api_token_file = \"" + std::string(kServerToken) + "\"\n";
}

}  // namespace fb::publisher
