// The matrix: every destination under every attack, one relay, one message to each. What happened
// is read off the mailboxes and the attacker's count of bytes; the relay's own words are shown
// beside it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lab/expected.h"
#include "lab/postman.h"
#include "lab/world.h"

namespace pawl::lab {

struct MatrixRow {
  ExpectedRow expected;
  Outcome outcome = Outcome::nothing;
  std::size_t bytes_leaked = 0;
  std::string leaked_excerpt;
  Account account;
  std::optional<bool> promise_kept;  // nothing: none was made against this attack, or none heard
  bool as_expected = false;
  std::string verdict;  // one sentence

  std::string attack_name() const;  // "txt-dropped (cold)"
};

struct MatrixOptions {
  std::string destination;  // only this one; empty: all
  std::string attack;
  std::chrono::seconds patience{120};  // for all rows together, once their mail is sent
  int attempts = 2;                    // a message held this often stays held
  std::string content;                 // of the message; empty: a small one of our own
  // "delivering", done, of: called from one thread.
  std::function<void(std::string_view phase, std::size_t done, std::size_t of)> progress;
};

class Matrix {
 public:
  // Errors: invalid_argument (no such row); those of the world.
  static Result<std::unique_ptr<Matrix>> make(MatrixOptions options);
  World& world() { return *world_; }
  std::size_t size() const { return rows_.size(); }
  // Sends, waits, judges.
  Result<std::vector<MatrixRow>> run(Postman& postman);

 private:
  struct Entry {
    Destination destination;
    MatrixRow row;
    bool over = false;
  };
  explicit Matrix(MatrixOptions options) : options_(std::move(options)) {}
  Result<> send(Postman& postman, bool warm);
  Result<> warm_up(Postman& postman);
  void wait(Postman& postman);
  bool is_over(Entry& entry, Postman& postman);
  void judge(Entry& entry) const;
  std::size_t mails(const Mailbox& mailbox, const Entry& entry) const;

  MatrixOptions options_;
  std::unique_ptr<World> world_;
  std::vector<Entry> rows_;
};

// Every promise held, and every row came out as the reviewed table says.
bool all_promises_kept(const std::vector<MatrixRow>& rows);
bool all_as_expected(const std::vector<MatrixRow>& rows);

std::string matrix_table(const std::vector<MatrixRow>& rows);    // for a person
std::string matrix_json(const std::vector<MatrixRow>& rows);     // an array of rows
std::string matrix_summary(const std::vector<MatrixRow>& rows);  // one paragraph

}  // namespace pawl::lab
