// The transaction half of smtp::Client: MAIL, RCPT, DATA or BDAT, and who got what.
#include <algorithm>

#include "base/text.h"
#include "smtp/client.h"

namespace pawl::smtp {

namespace {

// rfc2920#3.1: answers to a flight must fit the windows of both sides, or both wait for ever.
constexpr std::size_t kUnanswered = 100;
// Content up to this size travels with the envelope (BDAT); more waits until somebody wants it.
constexpr std::uint64_t kInlineContent = 64UL * 1024;

// rfc5321#4.5.3.1.10: 552 to RCPT meant "too many recipients" before 452 did.
bool is_temporary(const Reply& reply, bool to_recipient) {
  bool too_many = reply.code == 552 && (reply.enhanced.empty() || reply.enhanced == "5.5.3");
  return reply.temporary() || (to_recipient && too_many);
}

}  // namespace

void Client::begin(Transaction transaction) {
  if (error_ || phase_ != Phase::idle) return;
  transaction_ = std::move(transaction);
  std::size_t count = transaction_.recipients.size();
  result_ = TransactionResult();
  result_.recipients.resize(count);
  result_.dsn_passed_on = capabilities_.dsn;
  standing_.assign(count, Standing::unknown);
  next_recipient_ = accepted_ = 0;
  content_bytes_ = 0;
  mail_sent_ = mail_failed_ = answered_early_ = false;
  bdat_ = options_.chunking && capabilities_.chunking;
  encoder_ = ContentEncoder(!bdat_);
  phase_ = Phase::addresses;
  if (auto taken = check_capabilities(capabilities_, transaction_); !taken) {
    decide_rest(taken.error());
    return finish();
  }
  advance();
}

// Sends what may be sent before the next answer: everything up to DATA in one flight where the host
// pipelines, one command otherwise.
void Client::advance() {
  if (phase_ != Phase::addresses) return;
  auto may_send = [this] {
    return !error_ &&
           (capabilities_.pipelining ? expected_.size() < kUnanswered : expected_.empty());
  };
  if (needs_reset_ && may_send()) {
    command(Carries::nothing, "RSET", Expect::reset);
    needs_reset_ = false;
  }
  if (!mail_sent_ && !needs_reset_ && may_send()) {
    command(Carries::envelope, mail_command(capabilities_, transaction_), Expect::mail);
    mail_sent_ = true;
  }
  if (!mail_sent_) return;
  const auto& recipients = transaction_.recipients;
  while (!mail_failed_ && next_recipient_ < recipients.size() && may_send()) {
    command(Carries::envelope, rcpt_command(capabilities_, *recipients[next_recipient_]),
            Expect::recipient, next_recipient_);
    ++next_recipient_;
  }
  if (error_ || (!mail_failed_ && next_recipient_ < recipients.size())) return;
  if (expected_.empty()) {
    if (accepted_ > 0) return start_data();
    needs_reset_ = true;
    return finish();
  }
  bool in_one_flight = !bdat_ || transaction_.size <= kInlineContent;
  if (capabilities_.pipelining && in_one_flight && !mail_failed_ && may_send()) start_data();
}

void Client::start_data() {
  needs_reset_ = true;
  if (!bdat_) {
    phase_ = Phase::data;
    return command(Carries::envelope, "DATA", Expect::data);
  }
  phase_ = Phase::content;
  command(Carries::envelope, "BDAT " + std::to_string(transaction_.size) + " LAST",
          Expect::content_end);
  if (!error_) events_.push_back(ClientEvent::want_content);
}

void Client::on_mail(const Reply& reply) {
  if (reply.temporary() || reply.permanent()) {
    mail_failed_ = true;
    for (std::size_t i = 0; i < standing_.size(); ++i) decide(i, reply);
  } else if (!reply.positive()) {
    return fail_session(Error(Code::smtp_protocol, "MAIL: " + last_reply_));
  }
  advance();
}

void Client::on_recipient(const Reply& reply, std::size_t recipient) {
  if (reply.intermediate()) {
    return fail_session(Error(Code::smtp_protocol, "RCPT: " + last_reply_));
  }
  if (standing_[recipient] == Standing::unknown) {
    if (reply.positive()) {
      standing_[recipient] = Standing::accepted;
      ++accepted_;
    } else {
      decide(recipient, reply);
      if (is_temporary(reply, true)) {
        result_.recipients[recipient].error.emplace(Code::smtp_temporary, last_reply_);
        if (reply.permanent()) result_.recipients[recipient].status = "4.5.3";
      }
    }
  }
  advance();
}

void Client::on_data(const Reply& reply) {
  if (reply.code == 354 && accepted_ > 0) {
    phase_ = Phase::content;
    events_.push_back(ClientEvent::want_content);
    return;
  }
  if (reply.code == 354) {
    // rfc2033#4.2: with nobody accepted DATA must fail, and nobody answers a dot.
    if (options_.protocol == Protocol::lmtp) {
      return fail_session(Error(Code::smtp_protocol, "354 without a recipient: " + last_reply_));
    }
    // rfc2920#3.1: the host waits for content that has no recipient: it gets an empty message.
    phase_ = Phase::content_end;
    return command(Carries::nothing, ".", Expect::content_end);
  }
  if (!reply.temporary() && !reply.permanent()) {
    return fail_session(Error(Code::smtp_protocol, "DATA: " + last_reply_));
  }
  for (std::size_t i = 0; i < standing_.size(); ++i) decide(i, reply);
  finish();
}

void Client::content(std::string_view piece) {
  if (error_ || phase_ != Phase::content) return;
  content_bytes_ += piece.size();
  if (bdat_ && content_bytes_ > transaction_.size) {
    return fail_session(Error(Code::internal, "the content is longer than was announced"));
  }
  if (auto added = encoder_.add(piece, out_); !added) fail_session(std::move(added).error());
}

void Client::end_content() {
  if (error_ || phase_ != Phase::content) return;
  if (bdat_ && content_bytes_ != transaction_.size) {
    return fail_session(Error(Code::internal, "the content is shorter than was announced"));
  }
  if (auto ended = encoder_.finish(out_); !ended) return fail_session(std::move(ended).error());
  phase_ = Phase::content_end;
  if (answered_early_) return finish();
  if (!bdat_) expected_.push_back({Expect::content_end});
}

void Client::on_content_end(const Reply& reply) {
  if (reply.intermediate()) {
    return fail_session(Error(Code::smtp_protocol, "end of content: " + last_reply_));
  }
  // rfc2033#4.2: LMTP answers once for each recipient it accepted, in their order.
  bool each = options_.protocol == Protocol::lmtp && accepted_ > 0;
  for (std::size_t i = 0; i < standing_.size(); ++i) {
    if (standing_[i] != Standing::accepted) continue;
    decide(i, reply);
    if (each) break;
  }
  if (std::ranges::count(standing_, Standing::accepted) > 0) return;
  expected_.pop_front();
  // rfc3030#2: without a successful MAIL and RCPT, BDAT fails and leaves what there was.
  needs_reset_ = bdat_ && !reply.positive();
  // rfc3030#2: a host that refuses a chunk still reads all of it.
  if (phase_ == Phase::content) {
    answered_early_ = true;
    return;
  }
  finish();
}

// A refusal in the middle of DATA: the host has heard enough and will not read the rest as content.
void Client::on_early_reply(const Reply& reply) {
  if (!reply.temporary() && !reply.permanent()) {
    return fail_session(Error(Code::smtp_protocol, "amid the content: " + last_reply_));
  }
  for (std::size_t i = 0; i < standing_.size(); ++i) decide(i, reply);
  fail_session(Error(Code::smtp_temporary, "amid the content: " + last_reply_));
}

void Client::decide(std::size_t recipient, const Reply& reply) {
  if (standing_[recipient] == Standing::decided) return;
  standing_[recipient] = Standing::decided;
  RecipientResult& result = result_.recipients[recipient];
  result.status = reply.status();
  result.reply = last_reply_;
  if (reply.positive()) return;
  result.error.emplace(reply.temporary() ? Code::smtp_temporary : Code::smtp_permanent,
                       last_reply_);
}

void Client::decide_rest(const Error& error) {
  for (std::size_t i = 0; i < standing_.size(); ++i) {
    if (standing_[i] == Standing::decided) continue;
    standing_[i] = Standing::decided;
    result_.recipients[i].error = error;
    result_.recipients[i].status = row(error.code).enhanced_status;
  }
}

void Client::finish() {
  phase_ = Phase::idle;
  events_.push_back(ClientEvent::outcome);
}

}  // namespace pawl::smtp
