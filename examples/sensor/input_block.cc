#include "input_block.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "build.h"
#include "supply.h"

namespace sensor {

InputBlock::InputBlock() {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* memory =
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  pages_ = {static_cast<std::byte*>(memory), 2 * page};
  std::byte* const guard = pages_.data() + page;
  if (mprotect(guard, page, PROT_NONE) != 0) {
    const int error = errno;
    munmap(pages_.data(), pages_.size());
    throw std::system_error(error, std::generic_category(), "mprotect");
  }
  end_ = static_cast<const InputValue**>(static_cast<void*>(guard));
  begin_ = end_;
}

InputBlock::~InputBlock() { munmap(pages_.data(), pages_.size()); }

void InputBlock::supply(const Event& event) {
  const std::size_t count = supplied_fields(event.kind).size();
  begin_ = end_ - count;
  for (std::size_t field = 0; field < count; ++field) begin_[field] = &event.fields[field];
}

const InputValue* InputBlock::at(std::size_t field) const {
  if constexpr (kFieldBound == FieldBound::kChecked) {
    if (field >= static_cast<std::size_t>(end_ - begin_)) return nullptr;
  }
  return begin_[field];
}

}  // namespace sensor
