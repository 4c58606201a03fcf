// A flag that stops work under way at its next stage.
#pragma once

#include <atomic>
#include <memory>

#include "error.hpp"

namespace facededup {

// Copies share the flag; may be used by any number of threads at once.
class Cancellation {
 public:
  void cancel() { flag_->store(true, std::memory_order_relaxed); }
  bool is_cancelled() const { return flag_->load(std::memory_order_relaxed); }

  // Throws cancelled.
  void check() const {
    if (is_cancelled()) throw Error(ErrorCode::cancelled, "the caller gave it up");
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace facededup
