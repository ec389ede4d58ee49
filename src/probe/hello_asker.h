// Internal to probe/: one ClientHello, one connection, one answer; several side by side, and fewer
// of them when the host has had enough.
// Coroutines of one loop; the asker outlives its questions.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "net/loop.h"
#include "probe/enumeration.h"
#include "tls/hello.h"

namespace pawl::probe {

class HelloAsker {
 public:
  HelloAsker(SessionOptions session, const EnumerationOptions& options);

  // What the host says to this ClientHello. A host that ends the connection without a word has
  // refused it: a flight without version and alert. Errors: none came, or none that can be read;
  // where the host cannot be reached any more no later question is asked either. error() keeps
  // the first.
  net::Task<tls::Flight> ask(tls::Hello hello);

  int connections() const { return connections_; }
  const std::optional<Error>& error() const { return error_; }
  std::chrono::milliseconds elapsed() const;

 private:
  net::Task<> enter();  // waits for its turn; leave() ends it
  void leave();
  void allow(int connections);
  void wake();
  net::Task<> wait_again(std::chrono::milliseconds pause);  // leaves, and enters after the pause
  void stop(Error error);
  net::Task<tls::Flight> ask_in_turn(const std::string& hello);
  // One connection. `reached`: the host had the ClientHello before anything went wrong.
  net::Task<tls::Flight> converse(const std::string& hello, bool* reached);

  SessionOptions session_;
  MonoTime began_;
  MonoTime until_;
  int wanted_;                       // connections at a time
  int allowed_ = 1;                  // now: the first question is asked alone
  std::chrono::milliseconds gap_{};  // between them
  int running_ = 0;
  int connections_ = 0;
  bool answered_ = false;  // the host has answered once
  std::deque<std::shared_ptr<net::Signal>> waiting_;
  bool refuses_silently_ = false;  // how it refuses a ClientHello
  bool stopped_ = false;
  std::optional<Error> error_;
};

}  // namespace pawl::probe
