// A cancellation as a JavaScript object: new Cancellation(), cancel().
#pragma once

#include <napi.h>

#include "../vision/cancellation.hpp"

namespace facededup {

class CancellationObject : public Napi::ObjectWrap<CancellationObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Cancellation", {InstanceMethod<&CancellationObject::cancel>("cancel")});
  }

  explicit CancellationObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CancellationObject>(info) {}

  // That of a Cancellation, or one that nobody cancels for undefined.
  static Cancellation of(const Napi::Value& value) {
    return value.IsObject() ? Unwrap(value.As<Napi::Object>())->cancellation_ : Cancellation();
  }

 private:
  void cancel(const Napi::CallbackInfo&) { cancellation_.cancel(); }

  Cancellation cancellation_;
};

}  // namespace facededup
