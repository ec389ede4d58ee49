// A client dialog with somebody who plays its driver: for tests.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "starttls/client.h"

namespace pawl::starttls {

inline void PrintTo(ClientEvent event, std::ostream* to) {
  *to << name(event);
}

class TestClient {
 public:
  explicit TestClient(Protocol protocol, ClientOptions options = {})
      : dialog_(row(protocol).make_client(row(protocol), std::move(options))) {
    collect();
  }

  // The server says something, where TAG is the tag of the last command; what the client answers,
  // where its tag is TAG again.
  std::string says(std::string_view bytes) {
    dialog_->feed(with_tag(std::string(bytes)));
    return collect();
  }
  std::string tls() {
    dialog_->tls_established();
    return collect();
  }
  std::string log_in(std::string_view user = "joe", std::string_view password = "sesame") {
    dialog_->log_in(user, Secret(std::string(password)));
    return collect();
  }
  std::string send(std::string_view command) {
    dialog_->send(command);
    return collect();
  }
  std::string log_out() {
    dialog_->log_out();
    return collect();
  }
  void clear() {
    events.clear();
    in_clear.clear();
  }

  ClientDialog& dialog() { return *dialog_; }
  // Nothing: it has not failed.
  std::optional<Code> failure() const {
    if (events.empty() || events.back() != ClientEvent::failed) return std::nullopt;
    return dialog_->error().code;
  }

  std::vector<ClientEvent> events;
  std::string in_clear;  // everything that left in clear
  std::string tag;       // of the last command, IMAP

 private:
  std::string with_tag(std::string text) const {
    for (std::size_t at = 0; (at = text.find("TAG", at)) != std::string::npos;) {
      text.replace(at, 3, tag);
    }
    return text;
  }

  std::string collect() {
    while (auto event = dialog_->next_event()) events.push_back(*event);
    std::string output(dialog_->output());
    if (!dialog_->secure()) in_clear += output;
    if (!output.empty()) dialog_->sent();
    std::size_t end = output.find(' ');
    bool tagged = end == 12 && std::ranges::none_of(output.substr(0, end),
                                                    [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!tagged) return output;
    tag = output.substr(0, end);
    return "TAG" + output.substr(end);
  }

  std::unique_ptr<ClientDialog> dialog_;
};

}  // namespace pawl::starttls
