#include "install/state.h"

#include <algorithm>

#include "base/check.h"

namespace fb::install {
namespace {

struct WordOf {
  std::string_view operator()(const Idle&) const { return "idle"; }
  std::string_view operator()(const Fetching&) const { return "fetching"; }
  std::string_view operator()(const Staged&) const { return "staged"; }
  std::string_view operator()(const Deferred&) const { return "deferred"; }
  std::string_view operator()(const Permitted&) const { return "permitted"; }
  std::string_view operator()(const Tasted&) const { return "tasted"; }
  std::string_view operator()(const Activating&) const { return "activating"; }
  std::string_view operator()(const Probation&) const { return "probation"; }
  std::string_view operator()(const Healthy&) const { return "healthy"; }
  std::string_view operator()(const RolledBack&) const { return "rolled-back"; }
  std::string_view operator()(const Refused&) const { return "refused"; }
};

bool is(const std::optional<Slot>& slot, const Digest& release) {
  return slot && slot->release == release;
}

}  // namespace

std::string_view word(const Phase& phase) { return std::visit(WordOf{}, phase); }

const Candidate* candidate_of(const Phase& phase) {
  return std::visit(
      [](const auto& in) -> const Candidate* {
        if constexpr (requires { in.candidate; }) {
          return &in.candidate;
        } else {
          return nullptr;
        }
      },
      phase);
}

State fresh(ComponentId component) {
  State state;
  state.component = std::move(component);
  return state;
}

bool holds(const State& state, const Digest& release) {
  if (is(state.active, release) || is(state.lkg, release) || is(state.previous_lkg, release)) {
    return true;
  }
  if (const auto* fetching = std::get_if<Fetching>(&state.phase)) {
    return fetching->release == release;
  }
  // Until the way back is finished, what failed may still be running.
  if (const auto* back = std::get_if<RolledBack>(&state.phase)) {
    return !back->settled && back->from.release == release;
  }
  const Candidate* candidate = candidate_of(state.phase);
  return candidate != nullptr && candidate->slot.release == release;
}

}  // namespace fb::install
