// What a session said, as far as tampering could show in it: who offered what where, how the
// upgrade was asked for and answered, what came out of turn. Made of a flow, one protocol family
// like another; judged by examine.cpp. Views of the flow and its transcript.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tamper/flow.h"
#include "tamper/keyword.h"

namespace pawl::tamper {

// One list of capabilities.
struct List {
  enum class End : std::uint8_t {
    whole,
    open,  // it never ended, although there was time: something took its last line
    cut,   // the transcript ends within it
  };
  bool tls = false;
  bool offers = false;  // the upgrade
  End end = End::cut;
  std::size_t first = 0;  // of Reading::entries
  std::size_t count = 0;
  std::string_view last_line;
  std::string_view host;  // SMTP: how the server calls itself
};

enum class Verb : std::uint8_t {
  greeting,    // no command: the server begins
  extensions,  // EHLO, LHLO, CAPABILITY, CAPA
  upgrade,
  login,
  mail,  // of SMTP: MAIL, RCPT, DATA
  quit,
  other,
};

enum class Answer : std::uint8_t {
  none,
  granted,
  refused,
  strange,  // neither: a reply that no server gives to the upgrade
};

// A command in clear that was answered by an error.
struct Refusal {
  Verb verb;
  std::string_view command;
  std::string_view reply;
  bool unknown;  // the server says that it does not know the command
};

struct Reading {
  Family family = Family::smtp;
  bool implicit_tls = false;
  bool established = false;
  bool spoken = false;      // the server said something in clear
  bool from_start = false;  // the greeting is there
  std::string_view greeting;
  std::vector<List> lists;
  std::vector<std::string_view> entries;  // of all lists, with their arguments

  std::string_view upgrade_command;  // empty: not asked for
  Answer answer = Answer::none;
  std::string_view answer_line;
  bool handshake_begun = false;  // as a capture shows it
  std::string_view tls_failure;  // words; `failed` says whether there was one
  bool failed = false;
  std::string_view behind_command;  // bytes of the client, before the answer
  std::string_view behind_answer;   // bytes of the server, before the handshake
  // What ended the connection between the upgrade command and the handshake's end; `client` where
  // nothing did.
  Step::Kind broken = Step::Kind::client;

  std::vector<Refusal> refusals;      // in clear, the first sixteen
  std::string_view preauthenticated;  // the greeting that says so, in clear
  std::string_view unasked;           // a reply in clear that answers nothing
  std::string_view early;             // mailbox data or a referral, in clear before a login
  std::string_view went_on;           // the command with mail or credentials that went in clear
  std::string_view first_in_tls;      // the server's first line after the upgrade, if it is wrong
  bool server_spoke_first = false;    // ... and came before any command
};

Reading read(const starttls::Transcript& transcript, const Flow& flow);

}  // namespace pawl::tamper
