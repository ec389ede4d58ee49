// start(task): the task begins beside its caller on the same loop; its value is waited for later.
//
//   auto a = net::start(resolver.lookup(host, Type::a));
//   auto aaaa = net::start(resolver.lookup(host, Type::aaaa));
//   auto both = std::pair(co_await a.wait(), co_await aaaa.wait());
//
// A started task is not cancelled when nobody waits for it: what it refers to must outlive it.
#pragma once

#include "net/loop.h"

namespace pawl::net {

template <class T>
Task<> complete_with(Task<T> task, Completion<T> done) {
  done.complete(co_await std::move(task));
  co_return Result<>();
}

template <class T>
Completion<T> start(Task<T> task) {
  Completion<T> done;
  // An exception in the task must not leave its waiter waiting.
  Loop::current().spawn(complete_with(std::move(task), done), [done](Result<> ended) mutable {
    if (!ended) done.complete(fail(std::move(ended).error()));
  });
  return done;
}

}  // namespace pawl::net
