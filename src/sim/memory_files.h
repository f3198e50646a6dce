// port::Files in memory, with faults on demand. Directories exist as long as something is in them.
// Everything applied is durable at once. Any thread may call anything.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "port/files.h"
#include "sim/fault.h"

namespace fb::sim {

class MemoryFiles final : public port::Files {
 public:
  MemoryFiles();
  ~MemoryFiles() override;

  Result<std::string> read(const std::string& path, std::size_t max_bytes) override;
  Status read_pieces(const std::string& path,
                     const std::function<Status(std::string_view)>& piece) override;
  Result<std::uint64_t> size(const std::string& path) override;
  Status write_atomic(const std::string& path, std::string_view bytes) override;
  Result<std::unique_ptr<port::FileWriter>> append_to(const std::string& path) override;
  Status make_executable(const std::string& path) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status point(const std::string& path, const std::string& target) override;
  Result<std::string> pointed(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  [[nodiscard]] std::string absolute(const std::string& path) const override;

  // The nth changing call from now fails (1 = the next); each append and keep of a FileWriter
  // counts as one.
  void fail_change(std::uint64_t nth, DoorFault fault, Afterwards afterwards = Afterwards::broken);
  void mend();
  [[nodiscard]] bool fault_pending() const;

  // For tests that damage or compare a disk: path -> content; links as "-> target".
  [[nodiscard]] std::map<std::string, std::string> everything() const;
  [[nodiscard]] bool executable(const std::string& path) const;

 private:
  struct Tree;
  class Appender;
  std::shared_ptr<Tree> tree_;  // shared with the writers
};

}  // namespace fb::sim
