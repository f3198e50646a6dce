// What changes in trust/revoked.json, one sentence for each difference.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "statement/revocation.h"

namespace fb::publisher {

// What holders are told a release is: "sensor.channel 291 (sha256:…)", or the digest alone.
using ReleaseName = std::function<std::string(const Digest&)>;

std::vector<std::string> revocation_words(const statement::Revocations& before,
                                          const statement::Revocations& after,
                                          const ReleaseName& name);

}  // namespace fb::publisher
