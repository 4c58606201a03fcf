// A fixed number of threads that take jobs from one queue, each with something of its own to work with.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace facededup {

// `Own` is made by `make` in the thread that uses it. Threads start when there is first work for them.
template <class Own>
class LaneThreads {
 public:
  using Job = std::function<void(Own&)>;
  using Make = std::function<std::unique_ptr<Own>()>;

  LaneThreads(std::size_t lanes, Make make) : lanes_(lanes), make_(std::move(make)) {}

  LaneThreads(const LaneThreads&) = delete;
  LaneThreads& operator=(const LaneThreads&) = delete;

  ~LaneThreads() { stop(); }

  // Jobs begin in order and throw nothing. Throws std::system_error when not one thread can be had.
  void submit(Job job) {
    const std::lock_guard lock(mutex_);
    if (idle_ <= jobs_.size() && threads_.size() < lanes_) start_thread();
    jobs_.push_back(std::move(job));
    has_work_.notify_one();
  }

  // Waits for the jobs under way; those that have not begun never will. Not to be called by a job.
  void stop() {
    std::deque<Job> never_begun;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      never_begun.swap(jobs_);
    }
    has_work_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void start_thread() {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
    }
  }

  void work() {
    std::unique_ptr<Own> own;
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      has_work_.wait(lock, [&] { return stopped_ || !jobs_.empty(); });
      --idle_;
      if (stopped_) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      if (!own) own = make_();
      job(*own);
      lock.lock();
    }
  }

  const std::size_t lanes_;
  const Make make_;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Job> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopped_ = false;
};

}  // namespace facededup
