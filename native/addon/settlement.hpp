// A native call's way back to its JavaScript promise: run anywhere, settle on the main thread.
#pragma once

#include <napi.h>

#include <functional>
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

inline Napi::Error from_error(Napi::Env env, const Error& error) { return from_error(env, name_of(error.code()), error.what()); }

// Runs `body` for a call from JavaScript; no C++ exception leaves it but Napi::Error, which becomes a JavaScript one.
template <class Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw from_error(env, current_error());
  }
}

// Made, settled and destroyed on the main thread.
class Settlement {
 public:
  Settlement() = default;
  Settlement(const Settlement&) = delete;
  Settlement& operator=(const Settlement&) = delete;
  virtual ~Settlement() = default;
  virtual void settle(Napi::Env env) = 0;
};

template <class Answer>
class PromisedAnswer : public Settlement {
 public:
  // Makes the JavaScript value.
  using Convert = std::function<Napi::Value(Napi::Env, const Answer&)>;

  PromisedAnswer(Napi::Env env, Convert convert) : deferred_(Napi::Promise::Deferred::New(env)), convert_(std::move(convert)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  // On any thread: keeps what `run` answers or throws.
  template <class Run>
  void run(Run&& run) noexcept {
    try {
      answer_ = run();
    } catch (...) {
      error_ = current_error();
    }
  }

  void settle(Napi::Env env) override {
    if (!answer_) {
      deferred_.Reject(from_error(env, *error_).Value());
      return;
    }
    try {
      deferred_.Resolve(guarded(env, [&] { return convert_(env, *answer_); }));
    } catch (const Napi::Error& e) {
      deferred_.Reject(e.Value());
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  Convert convert_;
  std::optional<Answer> answer_;
  std::optional<Error> error_;
};

}  // namespace facededup
