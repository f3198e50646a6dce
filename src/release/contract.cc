#include "release/contract.h"

#include <algorithm>

namespace fb::release {
namespace {

constexpr std::size_t kInputs = 256;
constexpr std::size_t kFields = 1024;
constexpr std::int64_t kBytes = std::int64_t{1} << 40U;

const ContractInput* find(const Contract& contract, const std::string& name) {
  const auto it = std::find_if(contract.inputs.begin(), contract.inputs.end(),
                               [&](const ContractInput& input) { return input.name == name; });
  return it == contract.inputs.end() ? nullptr : &*it;
}

}  // namespace

std::vector<std::string> unmet(const Needs& needs, const Contract& contract) {
  std::vector<std::string> reasons;
  for (const NeededInput& needed : needs.inputs) {
    const ContractInput* supplied = find(contract, needed.name);
    if (supplied == nullptr) {
      reasons.push_back("reads input " + needed.name + "; engine " + contract.build +
                        " does not supply it");
      continue;
    }
    for (const std::int64_t field : needed.reads) {
      if (field <= static_cast<std::int64_t>(supplied->types.size())) continue;
      reasons.push_back("reads field " + std::to_string(field) + " of " + needed.name +
                        "; engine " + contract.build + " supplies " +
                        std::to_string(supplied->types.size()));
    }
  }
  if (contract.max_bytes != 0 && needs.max_bytes > contract.max_bytes) {
    reasons.push_back("takes " + std::to_string(needs.max_bytes) + " bytes; engine " +
                      contract.build + " accepts at most " + std::to_string(contract.max_bytes));
  }
  return reasons;
}

Result<Contract> decode_contract(const json::Value& value) {
  json::Reader in(value, "contract");
  in.literal("format", "firebreak.contract/1");
  Contract contract;
  contract.build = in.string("build", 64);
  contract.reads = in.id<ComponentId>("reads");
  in.objects("inputs", kInputs, [&](json::Reader& each) {
    ContractInput input{each.string("name", 64), each.strings("types", kFields, 32)};
    if (each.integer("fields", 0, kFields) != static_cast<std::int64_t>(input.types.size())) {
      each.fail("fields", "must be the number of types");
    }
    contract.inputs.push_back(std::move(input));
  });
  json::Reader limits = in.object("limits");
  contract.max_bytes = static_cast<std::uint64_t>(limits.integer("max_bytes", 0, kBytes));
  if (limits.has("max_rules"))
    contract.max_rules = static_cast<std::uint64_t>(limits.integer("max_rules", 0, kBytes));
  FB_TRY(in.done());
  return contract;
}

json::Value encode(const Contract& contract) {
  json::Value inputs = json::Value::array();
  for (const ContractInput& input : contract.inputs) {
    inputs.push_back(
        {{"name", input.name}, {"fields", input.types.size()}, {"types", input.types}});
  }
  return {{"format", "firebreak.contract/1"},
          {"build", contract.build},
          {"reads", contract.reads.text()},
          {"inputs", std::move(inputs)},
          {"limits", {{"max_bytes", contract.max_bytes}, {"max_rules", contract.max_rules}}}};
}

Result<Needs> decode_needs(const json::Value& value) {
  json::Reader in(value, "needs");
  Needs needs;
  in.objects("inputs", kInputs, [&](json::Reader& each) {
    NeededInput input{each.string("name", 64), each.integers("reads", kFields, 1, kFields)};
    if (std::adjacent_find(input.reads.begin(), input.reads.end(), std::greater_equal<>()) !=
        input.reads.end()) {
      each.fail("reads", "must be ascending, each field once");
    }
    needs.inputs.push_back(std::move(input));
  });
  needs.max_bytes = static_cast<std::uint64_t>(in.integer("max_bytes", 0, kBytes));
  FB_TRY(in.done());
  return needs;
}

json::Value encode(const Needs& needs) {
  json::Value inputs = json::Value::array();
  for (const NeededInput& input : needs.inputs)
    inputs.push_back({{"name", input.name}, {"reads", input.reads}});
  return {{"inputs", std::move(inputs)}, {"max_bytes", needs.max_bytes}};
}

}  // namespace fb::release
