// The contract between a core build and what it reads.
//
// A core build says what it supplies (Contract, signed with that build); content says what it uses
// (Needs, signed with that content). meets() compares the two: had anybody asked this on 19 July
// 2024, field 21 would have been refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "json/reader.h"

namespace fb::release {

struct ContractInput {
  std::string name;
  std::vector<std::string> types;  // one per field that the build supplies, in order
};

struct Contract {
  std::string build;  // the version of the core build
  ComponentId reads;  // the component it interprets
  std::vector<ContractInput> inputs;
  std::uint64_t max_bytes = 0;  // of one artifact; 0: the build sets no limit
  std::uint64_t max_rules = 0;
};

struct NeededInput {
  std::string name;
  std::vector<std::int64_t> reads;  // 1-based fields that some rule really looks at, ascending
};

struct Needs {
  std::vector<NeededInput> inputs;
  std::uint64_t max_bytes = 0;
};

// Each sentence names input, field, build and what it supplies; empty: the content meets its
// reader.
std::vector<std::string> unmet(const Needs& needs, const Contract& contract);

// Errors: malformed.
Result<Contract> decode_contract(const json::Value& value);
json::Value encode(const Contract& contract);
Result<Needs> decode_needs(const json::Value& value);
json::Value encode(const Needs& needs);

}  // namespace fb::release
