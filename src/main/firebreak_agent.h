// The commands of firebreak-agent and what they share. Private to main.
#pragma once

#include <optional>
#include <string>

#include "agent/config.h"
#include "agent/courier.h"

namespace fb::agent_main {

inline constexpr int kYes = 0;
inline constexpr int kNo = 1;
inline constexpr int kUsage = 2;
inline constexpr int kCouldNot = 3;

// Prints the error and gives its exit code.
int complain(const Error& error);

Result<agent::Config> read_config(const std::string& path);
Result<agent::Pinned> read_pinned(const agent::Config& config);

struct RunOptions {
  std::string config;
  std::string boot_id;  // empty: the kernel's
  bool verbose = false;
};
int run(const RunOptions& options);

struct TellOptions {
  std::string config;
  std::string component;
  bool json = false;
};
int status(const TellOptions& options);
int explain(const TellOptions& options);

struct ProvisionOptions {
  std::string config;
  std::string repository;
  std::string component;
  std::string version;
};
int provision(const ProvisionOptions& options);

struct InstallOptions {
  std::string config;
  std::string bundle;
  int wait_s = 600;
  bool json = false;
};
int install(const InstallOptions& options);

}  // namespace fb::agent_main
