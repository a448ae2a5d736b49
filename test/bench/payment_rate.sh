#!/bin/bash
# payment_rate.sh LEDGER FIRST LAST ROUNDS SECONDS: how many transactions a second, by one client and by eight, waiting for the disk or
# not: our payments, pgbench's own TPC-B-like script, and the bare ledger of payment_rate.sql, of the customers from FIRST to LAST.
#
# All take turns in every round.  The first round only warms the caches.  Prints, a turn a line: what, how many clients, whether
# commits wait, transactions a second.
set -euo pipefail

ledger=$1 first=$2 last=$3 rounds=$4 seconds=$5

# turn NAME CLIENTS WAIT ARGUMENT...: the script is what the arguments to pgbench say, be it standard input.
turn() {
    local name=$1 clients=$2 wait=$3 rate
    shift 3
    rate=$(PGOPTIONS="-c synchronous_commit=$wait" pgbench -n -M prepared -c "$clients" -j 2 -T "$seconds" "$@" |
        sed -n 's/^tps = \([0-9.]*\).*/\1/p')
    [ "$round" = 0 ] || printf '%s\t%s\t%s\t%s\n' "$name" "$clients" "$wait" "$rate"
}

for ((round = 0; round <= rounds; round++)); do
    for wait in off on; do
        for clients in 1 8; do
            turn ours "$clients" "$wait" -f /dev/stdin <<END
\\set customer random($first, $last)
SELECT ar.record_payment(ledger_id => $ledger, customer_id => :customer, amount => 'EUR 100.00', received_on => '2026-03-01', apply => 'oldest');
END
            turn tpcb "$clients" "$wait" -b tpcb-like
            turn bare "$clients" "$wait" -f /dev/stdin <<END
\\set customer random($first, $last)
SELECT bare.record_payment(:customer, 10000, '2026-03-01');
END
        done
    done
done
