// Native calls in the lanes of one pipeline, and their way back to the main thread.
#pragma once

#include <napi.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "../vision/cancellation.hpp"
#include "../vision/lane.hpp"
#include "../vision/lane_threads.hpp"
#include "settlement.hpp"

namespace facededup {

// Belongs to the main thread of its environment. Lives until its last call is settled.
class LaneCalls : public std::enable_shared_from_this<LaneCalls> {
 public:
  LaneCalls(Napi::Env env, std::size_t lanes, LaneThreads<Lane>::Make make);
  LaneCalls(const LaneCalls&) = delete;
  LaneCalls& operator=(const LaneCalls&) = delete;
  ~LaneCalls();

  // Stops every lane of the environment, for process.exit(): it runs no cleanup hooks, and what the lanes work with is
  // destroyed under them.
  static void give_up_all(napi_env env);

  // Runs `run` in a lane; it touches no JavaScript, and stops when cancelled. The process lives until the promise is
  // settled.
  template <class Answer>
  Napi::Promise start(const Cancellation& cancellation, std::function<Answer(Lane&)> run,
                      typename PromisedAnswer<Answer>::Convert convert) {
    auto call = std::make_unique<Call<Answer>>(shared_from_this(), std::move(convert));
    const auto promise = call->answer.promise();
    const Settlement* id = call.get();
    // std::function can be copied, so what only one may own hangs on a pointer that all copies share.
    auto held = std::make_shared<std::unique_ptr<Call<Answer>>>(std::move(call));
    threads_.submit([this, held, run = std::move(run)](Lane& lane) mutable {
      (*held)->answer.run([&] { return run(lane); });
      run = nullptr;  // frees the request's copy of the photo before the main thread is reached
      post(std::move(*held));
    });
    begin(id, cancellation);
    return promise;
  }

 private:
  template <class Answer>
  struct Call : Settlement {
    Call(std::shared_ptr<LaneCalls> lane_calls, typename PromisedAnswer<Answer>::Convert convert)
        : calls(std::move(lane_calls)), answer(calls->env_, std::move(convert)) {}

    void settle(Napi::Env env) override { answer.settle(env); }

    const std::shared_ptr<LaneCalls> calls;
    PromisedAnswer<Answer> answer;
  };

  void begin(const Settlement* call, const Cancellation& cancellation);
  void give_up();
  void post(std::unique_ptr<Settlement> settlement);
  static void settle(napi_env env, napi_value, void* self, void* settlement);
  static void stop_at_exit(void* self);

  const napi_env env_;
  LaneThreads<Lane> threads_;
  napi_threadsafe_function to_main_thread_ = nullptr;
  std::unordered_map<const Settlement*, Cancellation> under_way_;
};

}  // namespace facededup
