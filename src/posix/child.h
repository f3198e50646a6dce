// Starting a program: fork and exec with nothing inherited that was not meant to be.
//
// The child is the leader of its own session and process group, dies with the thread that started
// it (PR_SET_PDEATHSIG), has default signals, stdin from /dev/null, and no other descriptors than
// the two given.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "port/workload.h"
#include "posix/descriptor.h"

namespace fb::posix {

struct ResourceLimit {
  int resource = 0;  // RLIMIT_...
  rlim_t soft = 0;
  rlim_t hard = 0;
};

struct ChildTerms {
  int output = -1;  // becomes stdout and stderr; -1: /dev/null
  std::vector<ResourceLimit> limits;
  bool no_new_privileges = false;
};

// A bare program name is looked for in the minimal PATH. Errors: not_found, io_failed (naming the
// failing step).
Result<pid_t> start_child(const port::Command& command, const ChildTerms& terms);

// A descriptor that becomes readable when the child ends.
Result<Descriptor> open_child(pid_t child);

// SIGKILLs what is left of the group of an ended, not yet reaped child, and reaps the child.
port::Exit reap(pid_t child);

// Waits until the descriptor of open_child() says the child ended. False: still running after
// `patience`.
bool ended_within(const Descriptor& child, Millis patience);

}  // namespace fb::posix
