#include "lab/dialog_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lab/dialog_session.h"
#include "net/loop.h"
#include "net/start.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kTable =
#include "lab/expected_dialogs.inc"
    ;

constexpr std::array<std::string_view, 4> kOutcomes = {"sealed", "clear", "stolen", "refused"};
constexpr std::array kModes = {starttls::Mode::never, starttls::Mode::if_available,
                               starttls::Mode::required};
// The attacker stalls for longer; an honest server of the lab answers at once.
constexpr std::chrono::milliseconds kPatienceOfClient{2000};

Result<DialogOutcome> outcome_of(std::string_view word) {
  auto found = std::ranges::find(kOutcomes, word);
  if (found == kOutcomes.end()) {
    return fail(Code::syntax, fmt::format("expected dialogs: unknown outcome '{}'", word));
  }
  return static_cast<DialogOutcome>(found - kOutcomes.begin());
}

Result<DialogOutcome> expected(const DialogRow& row) {
  for (std::string_view line : split(kTable, '\n')) {
    auto cells = split(line, ' ');
    std::erase(cells, "");
    if (cells.size() != 2 + kModes.size() || cells[0] != row.attack->name) continue;
    const auto protocols = split(cells[1], ',');
    const bool meant =
        std::ranges::find(protocols, starttls::row(row.protocol).name) != protocols.end();
    if (meant || cells[1] == "-") return outcome_of(cells[2 + static_cast<std::size_t>(row.mode)]);
  }
  return fail(Code::syntax, fmt::format("expected dialogs: no line for '{}'", row.attack->name));
}

Result<std::vector<DialogRow>> plan(const DialogMatrixOptions& options) {
  std::vector<DialogRow> rows;
  for (const UpgradeAttackRow& attack : upgrade_attacks()) {
    if (options.attack != nullptr && options.attack != &attack) continue;
    for (const starttls::ProtocolRow& protocol : starttls::protocols()) {
      if (options.protocol && *options.protocol != protocol.protocol) continue;
      for (bool implicit : {false, true}) {
        if (implicit && protocol.implicit_port == 0) continue;
        if (!applies(attack, protocol.protocol, implicit)) continue;
        for (starttls::Mode mode : kModes) {
          if (options.mode && *options.mode != mode) continue;
          // From the first byte there is TLS or no session: modes have nothing to choose.
          if (implicit && mode != starttls::Mode::required) continue;
          DialogRow row;
          row.protocol = protocol.protocol;
          row.implicit_tls = implicit;
          row.attack = &attack;
          row.mode = mode;
          TRY(row.expected, expected(row));
          rows.push_back(std::move(row));
        }
      }
    }
  }
  if (rows.empty()) {
    return fail(Code::invalid_argument, "this attack cannot be played on that protocol");
  }
  return rows;
}

probe::SessionOptions session_options(const DialogRow& row, const Endpoint& to,
                                      const std::shared_ptr<tls::ClientContext>& context) {
  probe::SessionOptions options;
  options.to = to;
  options.host = kLabHost;
  options.protocol = row.protocol;
  options.client.mode = row.mode;
  options.client.implicit_tls = row.implicit_tls;
  options.client.client_name = "client.test";
  options.profile.sni = kLabHost;
  const tls::PkixDemand demand{{std::string(kLabHost)}, {}};
  // Who takes TLS if it is there takes any certificate, and says so.
  if (row.mode == starttls::Mode::required) {
    options.profile.pkix = demand;
  } else {
    options.profile.pkix_observed = demand;
  }
  options.tls = context;
  options.timeouts.reply = kPatienceOfClient;
  options.timeouts.handshake = kPatienceOfClient;
  return options;
}

DialogOutcome outcome_of(const DialogRow& row) {
  const Judgement& judged = row.judgement;
  if (judged.leaked()) {
    const bool inside = row.attack->trick == PathTrick::swap_certificate && judged.handshakes > 0;
    return inside ? DialogOutcome::stolen : DialogOutcome::clear;
  }
  const bool crossed = judged.got(Deposit::Kind::message) || judged.got(Deposit::Kind::script) ||
                       judged.got(Deposit::Kind::fetched);
  return crossed ? DialogOutcome::sealed : DialogOutcome::refused;
}

void conclude(DialogRow& row, SessionAccount account, Judgement judgement) {
  row.judgement = std::move(judgement);
  row.error = std::move(account.error);
  row.downgrade = std::move(account.downgrade);
  row.identity_doubted = account.identity_doubted;
  row.examination = tamper::examine(account.transcript);
  row.with_memory = tamper::examine(account.transcript, {.offered_before = true});
  row.outcome = outcome_of(row);
  row.as_expected = row.outcome == row.expected && row.judgement.consistent();
}

// Rows of one attack, side by side: they wait together where the attacker lets them wait.
Result<> run_batch(std::span<DialogRow> rows, const Grounds& grounds,
                   const std::shared_ptr<tls::ClientContext>& context) {
  std::vector<std::unique_ptr<AttackedServer>> servers;
  for (const DialogRow& row : rows) {
    TRY(auto server, AttackedServer::open(grounds, {.protocol = row.protocol,
                                                    .implicit_tls = row.implicit_tls,
                                                    .attack = row.attack}));
    servers.push_back(std::move(server));
  }
  std::vector<Result<SessionAccount>> accounts(rows.size(), fail(Code::internal, "not run"));
  net::Loop loop;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    loop.spawn([](probe::SessionOptions options, const Grounds& shared,
                  Result<SessionAccount>& account) -> net::Task<> {
      account = co_await run_session(std::move(options), shared);
      co_return Result<>();
    }(session_options(rows[i], servers[i]->front(), context), grounds, accounts[i]));
  }
  loop.run();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TRY(SessionAccount account, std::move(accounts[i]));
    conclude(rows[i], std::move(account), servers[i]->judge());
  }
  return {};
}

}  // namespace

std::string_view name(DialogOutcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

std::string DialogRow::title() const {
  const starttls::ProtocolRow& table = starttls::row(protocol);
  return fmt::format("{} under {}, {}", implicit_tls ? table.implicit_name : table.name,
                     attack->name, starttls::name(mode));
}

bool DialogRow::reported() const {
  return downgrade || identity_doubted || examination.assessment != tamper::Assessment::clean;
}

Result<std::vector<DialogRow>> run_dialog_matrix(const DialogMatrixOptions& options) {
  TRY(std::vector<DialogRow> rows, plan(options));
  TRY(auto grounds, Grounds::make());
  TRY(auto context, tls::make_client_context({.ca_file = grounds->ca_file}));
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && rows[end].attack == rows[begin].attack) ++end;
    TRY_VOID(run_batch(std::span(rows).subspan(begin, end - begin), *grounds, context));
    begin = end;
    if (options.progress) options.progress("attacked sessions", begin, rows.size());
  }
  return rows;
}

}  // namespace pawl::lab
