// The reader's state, shared by the four protocol families; internal to reading*.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "tamper/reading.h"

namespace pawl::tamper {

struct Command {
  Verb verb = Verb::other;
  std::string_view line;
  std::string_view tag;  // IMAP
};

// Finds the verb of a command line, case ignored.
Verb verb_of(Family family, std::string_view line);

class Reader {
 public:
  Reader(Reading& reading, Family family) : reading_(reading), family_(family) {}

  void client(const Step& step);
  void server(const Step& step);
  void tls_established();
  // The connection broke, or the other side went silent: what is open now stays open.
  void broke(Step::Kind how);

 private:
  void smtp_client(const Step& step);
  void smtp_server(const Step& step);
  void imap_client(const Step& step);
  void imap_server(const Step& step);
  void imap_untagged(std::string_view line);
  void imap_codes(std::string_view text);
  void pop3_client(const Step& step);
  void pop3_server(const Step& step);
  void sieve_client(const Step& step);
  void sieve_server(const Step& step);

  void ask(Command command);
  // The command that a reply answers, if there is one.
  bool answered(Command& command);
  void finish(const Command& command, std::string_view reply, Answer answer, bool unknown);
  void open_list();
  void add_entry(std::string_view entry);
  void close_list(List::End end);
  void first_line_in_tls(std::string_view line, bool in_turn);
  void unasked(std::string_view line);

  Reading& reading_;
  Family family_;
  bool tls_ = false;
  bool greeted_ = false;
  bool deaf_ = false;  // the session is in: mail and mailboxes are not ours to read
  bool content_ = false;
  bool continuation_ = false;  // the client's next line is no command
  bool client_spoke_ = false;  // in this phase
  bool server_spoke_ = false;
  bool in_reply_ = false;
  bool in_list_ = false;
  bool waited_ = false;  // the list being open, the client went on
  Command current_;      // what the reply being read answers
  bool has_current_ = false;
  std::size_t client_literal_ = 0;
  std::size_t server_literal_ = 0;
  std::string_view last_reply_;
  std::vector<Command> pending_;
  std::size_t head_ = 0;
};

// The number in the braces at the end of an IMAP or Sieve line; 0: there is none.
std::size_t literal_at_end(std::string_view line);

}  // namespace pawl::tamper
