// The matrix of our own client: every protocol under every attack in every mode. One session each
// (probe/session.h) that logs in and leaves or fetches a message; judged by bytes, held against a
// reviewed table (expected_dialogs.inc), with what the session and the detector (tamper/) said of
// it beside.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/attacked_server.h"
#include "probe/session.h"
#include "tamper/tamper.h"

namespace pawl::lab {

enum class DialogOutcome : unsigned char {
  sealed,   // the message crossed under TLS with the real server, and nothing leaked
  clear,    // something leaked in clear
  stolen,   // something leaked inside the attacker's own TLS
  refused,  // nothing leaked, and the message did not cross
};
std::string_view name(DialogOutcome outcome);

struct DialogRow {
  starttls::Protocol protocol = starttls::Protocol::smtp;
  bool implicit_tls = false;
  const UpgradeAttackRow* attack = nullptr;
  starttls::Mode mode = starttls::Mode::required;

  Judgement judgement;
  DialogOutcome outcome = DialogOutcome::refused;
  DialogOutcome expected = DialogOutcome::refused;
  bool as_expected = false;

  std::optional<Error> error;      // what ended the session early
  std::optional<Error> downgrade;  // why it went on in clear, in the dialog's words
  bool identity_doubted = false;   // the session says that the peer did not prove its name
  tamper::Examination examination;
  // The same for a detector that remembers that this host has offered TLS before.
  tamper::Examination with_memory;

  bool lowered() const {  // TLS was wanted, and it leaked all the same
    return mode == starttls::Mode::if_available && judgement.leaked();
  }
  // The session or the detector said so.
  bool reported() const;
  std::string title() const;  // "imaps under strip, required"
};

struct DialogMatrixOptions {
  std::optional<starttls::Protocol> protocol;  // only this one
  const UpgradeAttackRow* attack = nullptr;    // only this one
  std::optional<starttls::Mode> mode;
  std::function<void(std::string_view phase, std::size_t done, std::size_t of)> progress;
};

// Errors: invalid_argument (nothing to run); syntax (the table lacks a row); as socket.h.
Result<std::vector<DialogRow>> run_dialog_matrix(const DialogMatrixOptions& options);

struct DialogCounts {
  std::size_t rows = 0;
  std::size_t unexpected = 0;
  std::size_t leaks_in_required = 0;  // must be 0
  std::size_t used_in_required = 0;   // forged data used: must be 0
  std::size_t lowered = 0;            // in `if available`
  std::size_t lowered_reported = 0;   // must be all of them
  std::size_t named = 0;              // attacks that the detector named from one session alone
  std::size_t named_with_memory = 0;  // ... knowing that the host has offered TLS before
  std::size_t attacked = 0;
  std::size_t clean = 0;         // nobody attacks, and the client does not go without TLS by itself
  std::size_t false_alarms = 0;  // must be 0

  bool good() const {
    return unexpected == 0 && leaks_in_required == 0 && used_in_required == 0 &&
           lowered_reported == lowered && false_alarms == 0;
  }
};
DialogCounts count(const std::vector<DialogRow>& rows);

std::string dialog_overview(const std::vector<DialogRow>& rows);  // a line for each attack
std::string dialog_table(const std::vector<DialogRow>& rows);     // a line for each session
std::string dialog_summary(const std::vector<DialogRow>& rows);   // one paragraph
std::string dialog_json(const std::vector<DialogRow>& rows);      // an array, docs/json/lab.md

}  // namespace pawl::lab
