// Vendor: the publisher of a simulated product and the people on duty, with keys that every run
// makes alike; what it does goes through the server's management API, as the command line does it.
//
// The product is a sensor of two components: an engine that reads a channel. Both lie on every
// device when it enrols (engine 7.11, channel 290); what goes out is channel 291.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "exact/seeded_signer.h"
#include "exact/server_process.h"
#include "rollout/parameters.h"
#include "statement/people.h"

namespace fb::exact {

struct Image {  // what a device has before it hears of anything
  Digest engine, channel;
};

class Vendor {
 public:
  Vendor();

  [[nodiscard]] static const ComponentId& engine();
  [[nodiscard]] static const ComponentId& channel();
  [[nodiscard]] static const TenantId& tenant();
  [[nodiscard]] static std::string enrolment_token() { return "join us"; }

  // What a server of this vendor is configured with and signs with.
  [[nodiscard]] server::TenantConfig tenant_config() const;
  [[nodiscard]] const server::OnlineSigners& online() const { return online_; }
  [[nodiscard]] const crypto::Signer& policy_signer() const { return policy_; }

  // The key ceremony: the first root, targets and trust files, on the server's disk.
  Status found(port::Files& repository, Instant now);
  [[nodiscard]] const std::string& root() const { return root_; }

  // Signed, uploaded, submitted. Errors: what the server answers.
  Result<Image> release_image(ServerProcess& server);
  Result<Digest> release_channel(ServerProcess& server, const std::string& version);
  // Approved by one, started and held by another; `go_on` opens it.
  Result<RolloutId> start_held(ServerProcess& server, const Digest& release, statement::Lane lane);
  Status go_on(ServerProcess& server, const Digest& release, RolloutId rollout);

 private:
  Result<Digest> publish(ServerProcess& server, const release::Manifest& manifest,
                         const std::string& bytes);
  Result<json::Value> post(ServerProcess& server, const std::string& path, const std::string& body,
                           const std::string& method = "POST");
  Result<json::Value> order(ServerProcess& server, statement::Act act, const SeededSigner& person);
  Status put_metadata(port::Files& repository, const std::string& role, const json::Value& body);
  [[nodiscard]] tuf::Keyrings rings() const;
  [[nodiscard]] std::map<std::string, std::string> trust_files() const;
  [[nodiscard]] tuf::Signers signers_of(const std::string& role) const;

  std::map<std::string, std::unique_ptr<SeededSigner>> offline_;  // by role, one key each
  SeededSigner second_{"simulated content b"};                    // content takes two
  SeededSigner reviewer_{"simulated rita"}, operations_{"simulated otto"};
  SeededSigner policy_{"simulated policy"};
  server::OnlineSigners online_;
  std::map<std::string, std::string> files_;  // newest metadata by role, as submitted
  std::string root_;
  int acts_ = 0;
};

}  // namespace fb::exact
