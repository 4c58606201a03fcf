// One native verb off the main thread: run the request on libuv's pool, settle a promise with the answer.
#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "../vision/error.hpp"

namespace facededup {

inline Napi::Error from_error(Napi::Env env, const std::string& code, const std::string& message) {
  auto error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

// Runs `body` for a call from JavaScript; no C++ exception leaves it but Napi::Error, which becomes a JavaScript one.
template <class Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const Error& e) {
    throw from_error(env, name_of(e.code()), e.what());
  } catch (const std::bad_alloc&) {
    throw from_error(env, "OUT_OF_MEMORY", "there is not enough memory for this photo or model");
  } catch (const std::exception& e) {
    throw from_error(env, "INTERNAL", e.what());
  }
}

template <class Answer>
class PromiseWorker : public Napi::AsyncWorker {
 public:
  using Run = std::function<Answer()>;
  using Convert = std::function<Napi::Value(Napi::Env, const Answer&)>;

  // `run` touches no JavaScript; `convert` makes the JavaScript value on the main thread.
  static Napi::Promise start(Napi::Env env, Run run, Convert convert) {
    auto* worker = new PromiseWorker(env, std::move(run), std::move(convert));
    const auto promise = worker->deferred_.Promise();
    worker->Queue();  // the worker deletes itself once it has settled the promise
    return promise;
  }

 private:
  PromiseWorker(Napi::Env env, Run run, Convert convert)
      : Napi::AsyncWorker(env, "facededup"),
        deferred_(Napi::Promise::Deferred::New(env)),
        run_(std::move(run)),
        convert_(std::move(convert)) {}

  void Execute() override {
    try {
      answer_ = run_();
    } catch (const Error& e) {
      fail(name_of(e.code()), e.what());
    } catch (const std::bad_alloc&) {
      fail("OUT_OF_MEMORY", "there is not enough memory for this photo or model");
    } catch (const std::exception& e) {
      fail("INTERNAL", e.what());
    } catch (...) {
      fail("INTERNAL", "an exception of unknown type");
    }
    run_ = nullptr;  // frees the request's copy of the photo before the main thread is reached
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    if (!answer_) {
      deferred_.Reject(from_error(Env(), code_, message_).Value());
      return;
    }
    try {
      deferred_.Resolve(guarded(Env(), [&] { return convert_(Env(), *answer_); }));
    } catch (const Napi::Error& e) {
      deferred_.Reject(e.Value());
    }
  }

  void fail(std::string code, std::string message) {
    code_ = std::move(code);
    message_ = std::move(message);
  }

  Napi::Promise::Deferred deferred_;
  Run run_;
  Convert convert_;
  std::optional<Answer> answer_;
  std::string code_;
  std::string message_;
};

}  // namespace facededup
