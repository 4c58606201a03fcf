// A native call on libuv's pool: for what needs no lane.
#pragma once

#include <napi.h>

#include <functional>
#include <utility>

#include "settlement.hpp"

namespace facededup {

template <class Answer>
class PromiseWorker : public Napi::AsyncWorker {
 public:
  using Run = std::function<Answer()>;

  // `run` touches no JavaScript.
  static Napi::Promise start(Napi::Env env, Run run, typename PromisedAnswer<Answer>::Convert convert) {
    auto* worker = new PromiseWorker(env, std::move(run), std::move(convert));
    const auto promise = worker->answer_.promise();
    worker->Queue();  // the worker deletes itself once it has settled the promise
    return promise;
  }

 private:
  PromiseWorker(Napi::Env env, Run run, typename PromisedAnswer<Answer>::Convert convert)
      : Napi::AsyncWorker(env, "facededup"), answer_(env, std::move(convert)), run_(std::move(run)) {}

  void Execute() override {
    answer_.run(run_);
    run_ = nullptr;  // frees the request's copy of the photo before the main thread is reached
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    answer_.settle(Env());
  }

  PromisedAnswer<Answer> answer_;
  Run run_;
};

}  // namespace facededup
