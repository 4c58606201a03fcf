#include "lane_calls.hpp"

#include <mutex>
#include <unordered_set>
#include <vector>

namespace facededup {
namespace {

struct Registry {
  std::mutex mutex;
  std::unordered_set<LaneCalls*> all;
};

// Never destroyed: the process may end at any moment.
Registry& registry() {
  static auto& one = *new Registry;
  return one;
}

}  // namespace

LaneCalls::LaneCalls(Napi::Env env, std::size_t lanes, LaneThreads<Lane>::Make make)
    : env_(env), threads_(lanes, std::move(make)) {
  const auto name = Napi::String::New(env, "facededup");
  const auto status =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, settle, &to_main_thread_);
  if (status != napi_ok) throw Napi::Error::New(env);
  // Only calls under way keep the process alive.
  napi_unref_threadsafe_function(env, to_main_thread_);
  // The latest hook runs first: no lane is at work any more when Node takes the function back.
  napi_add_env_cleanup_hook(env, stop_at_exit, this);
  const std::lock_guard lock(registry().mutex);
  registry().all.insert(this);
}

LaneCalls::~LaneCalls() {
  {
    const std::lock_guard lock(registry().mutex);
    registry().all.erase(this);
  }
  if (!to_main_thread_) return;
  threads_.stop();
  napi_remove_env_cleanup_hook(env_, stop_at_exit, this);
  napi_release_threadsafe_function(to_main_thread_, napi_tsfn_release);
}

void LaneCalls::begin(const Settlement* call, const Cancellation& cancellation) {
  if (under_way_.empty()) napi_ref_threadsafe_function(env_, to_main_thread_);
  under_way_.emplace(call, cancellation);
}

void LaneCalls::post(std::unique_ptr<Settlement> settlement) {
  // Refused only when the environment ends: nobody waits for the answer any more.
  if (napi_call_threadsafe_function(to_main_thread_, settlement.get(), napi_tsfn_nonblocking) == napi_ok) settlement.release();
}

void LaneCalls::settle(napi_env env, napi_value, void* self, void* data) {
  const std::unique_ptr<Settlement> settlement(static_cast<Settlement*>(data));
  if (!env) return;
  auto& calls = *static_cast<LaneCalls*>(self);
  calls.under_way_.erase(settlement.get());
  if (calls.under_way_.empty()) napi_unref_threadsafe_function(env, calls.to_main_thread_);
  const Napi::HandleScope scope(env);
  try {
    settlement->settle(env);
  } catch (const Napi::Error&) {
    // The environment is ending and takes no answer any more.
  }
}

void LaneCalls::stop_at_exit(void* self) {
  // Calls that never began may hold the last share.
  const auto calls = static_cast<LaneCalls*>(self)->shared_from_this();
  calls->give_up();
  calls->to_main_thread_ = nullptr;
}

// Nobody waits for these any more, and the process should not either.
void LaneCalls::give_up() {
  for (auto& [call, cancellation] : under_way_) cancellation.cancel();
  threads_.stop();
}

void LaneCalls::give_up_all(napi_env env) {
  std::vector<std::shared_ptr<LaneCalls>> own;
  {
    const std::lock_guard lock(registry().mutex);
    for (auto* calls : registry().all) {
      if (calls->env_ == env) own.push_back(calls->shared_from_this());
    }
  }
  for (const auto& calls : own) calls->give_up();
}

}  // namespace facededup
