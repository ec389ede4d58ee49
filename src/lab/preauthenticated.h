// The attacker as an IMAP server that greets with PREAUTH (EAST P): the client believes itself
// logged in, where the upgrade is not allowed any more (rfc9051#6.2.1), and hands over what comes
// next: a draft, a sent mail. Says OK to everything.
#pragma once

#include "lab/connection.h"
#include "lab/eavesdropper.h"
#include "lab/secret_search.h"

namespace pawl::lab {

// Until the client leaves. `secrets` may be null.
Result<> play_preauthenticated(Connection& client, Overheard& heard, SecretSearch* secrets);

}  // namespace pawl::lab
