/**
 * The defects of transactions that their simulation must find: rules of the producer broken one at a
 * time. Neighbours: ../mutations.ts applies them to the built files; ../mutation-list.ts has the others.
 */
import type { Mutation } from '../mutation-list.js'

/** For what takes a rare coincidence to be seen. */
const MANY_SEEDS = 4000

const MANAGER = 'producer/transactions/transaction-manager.js'
const SLOTS = 'producer/transactions/transaction-slots.js'
const JOB = 'producer/transactions/transaction-job.js'
const ENDING = 'producer/transactions/transaction-ending.js'
const FAILURES = 'producer/transactions/transaction-failures.js'
const ADDITIONS = 'producer/coordinating/partition-additions.js'
const OFFSETS = 'producer/coordinating/offset-commits.js'
const END = 'producer/transactions/transaction-end.js'
const VERDICT = 'producer/coordinating/transaction-verdict.js'
const STATE = 'producer/transactions/transaction-state.js'
const NUMBERING = 'producer/sequencing/transactional-numbering.js'

function mutation(name: string, file: string, find: string, put = '', seeds?: number): Mutation {
  const changes = [{ file, find, put }]
  return { name, changes, isTransactional: true, ...(seeds === undefined ? {} : { seeds }) }
}

export const TRANSACTIONAL_MUTATIONS: readonly Mutation[] = [
  // Partitions and numbers
  mutation(
    'a partition counts as added when it is asked for',
    ADDITIONS,
    'const asked = [...this.#wanted];',
    'const asked = [...this.#wanted]; for (const partition of asked) partition.added(this.#parts.transaction);',
  ),
  mutation(
    'no partition is added at level 1',
    SLOTS,
    'return this.#slots.current?.run.level === 1;',
    'return false;',
  ),
  mutation(
    'sequence numbers go on under another epoch',
    'producer/sequencing/partition-sequence.js',
    'this.#nextSequence = 0; this.#gapOrdinal = -1;',
    'if (!this.#isTransactional) this.#nextSequence = 0; this.#gapOrdinal = -1;',
  ),
  mutation(
    'a gap in the numbers of an earlier epoch holds a partition back',
    NUMBERING,
    'this.#sequence?.identity === gate.identity;',
    'true;',
  ),
  mutation(
    'no other epoch after lost numbers',
    SLOTS,
    'if (current !== null) current.run.needsBump = true;',
  ),
  mutation(
    'the epoch is raised within a transaction',
    MANAGER,
    'onAdded: () => this.#partitions?.goOn(),',
    'onAdded: () => { void this.#slots.identity.bump(() => true); this.#partitions?.goOn(); },',
  ),
  mutation(
    'a late EndTxn acts upon the next transaction',
    ENDING,
    'job.run.wantsBump ||= answer.mayArriveLate;',
    '',
    MANY_SEEDS,
  ),
  mutation(
    'the identity that EndTxn gives is not adopted',
    ENDING,
    'if (answer.response !== null) this.#slots.identity.adopt(answer.response);',
  ),
  // The level
  mutation(
    'the level is that of what brokers offer',
    'producer/coordinating/transaction-level.js',
    'features.level(FEATURE) >= 2 ? 2 : 1',
    '2 > 1 ? 2 : 1',
  ),
  mutation(
    'the level goes up without another epoch',
    MANAGER,
    'job.startSending(identity, this.#level);',
    'job.startSending(identity, this.#parts.level());',
  ),
  // The records of a transaction
  mutation(
    'records of the next transaction are sent before EndTxn is answered',
    STATE,
    "this.#state === 'flushing';",
    "this.#state === 'flushing' || this.#state === 'committing';",
  ),
  mutation(
    'a transaction is committed although a record has failed',
    FAILURES,
    '(isHeard && isCallersOwn(error))',
    'isHeard',
  ),
  mutation(
    'a record that nobody hears of may fail',
    FAILURES,
    '(isHeard && isCallersOwn(error))',
    'isCallersOwn(error)',
  ),
  mutation(
    'what was not sent before an abort is sent later',
    MANAGER,
    'this.#parts.requests.wake(); this.#parts.records.cancel(reason);',
    'this.#parts.requests.wake();',
  ),
  {
    name: 'an aborted transaction fails the next one',
    isTransactional: true,
    changes: [
      {
        file: MANAGER,
        find: 'this.#parts.requests.wake(); this.#parts.records.cancel(reason);',
        put: 'this.#serve(); this.#parts.requests.wake(); this.#parts.records.cancel(reason);',
      },
      { file: FAILURES, find: 'isOfAnother(error)) return;', put: 'false) return;' },
    ],
  },
  mutation(
    'EndTxn does not wait for answers that are owed',
    ENDING,
    'if (!this.#parts.owesAnswers()) return Promise.resolve();',
    'return Promise.resolve();',
    MANY_SEEDS,
  ),
  mutation(
    'subscribers of a channel are called amid a change',
    'producer/diagnostics/diagnostics-observer.js',
    'queueJob(() => channel.publish(message));',
    'channel.publish(message);',
  ),
  // Offsets
  mutation(
    'commit does not wait for offsets',
    ENDING,
    'await job.settled(); const isStill',
    'const isStill',
  ),
  mutation(
    'offsets that are refused do not abort',
    JOB,
    'else parts.onRefused(this, answer, { group, topic });',
  ),
  mutation(
    'no group is added at level 1',
    OFFSETS,
    'if (level === 1 && !(await this.#addGroup(identity, group.groupId))) return false;',
  ),
  mutation(
    'offsets of which an earlier request may still come are sent',
    OFFSETS,
    'if (this.#wouldBeSetBack(group.groupId, offsets)) {',
    'if (false) {',
    MANY_SEEDS,
  ),
  // Outcomes
  mutation(
    'a commit whose answer is lost counts as committed',
    END,
    "if (mayHaveActed) return 'unknown';",
    "if (mayHaveActed) return 'committed';",
    MANY_SEEDS,
  ),
  mutation(
    'a commit that is refused for now counts as not carried out',
    'producer/coordinating/coordinator-requests.js',
    'mayHaveActed: !NOT_CARRIED_OUT.has(code)',
    'mayHaveActed: false',
    MANY_SEEDS,
  ),
  mutation(
    'PRODUCER_FENCED of a repeated commit is told as not committed',
    END,
    "if (mayHaveActed) return 'unknown';",
    '',
    MANY_SEEDS,
  ),
  mutation(
    'a commit that close gives up is told as aborted',
    MANAGER,
    'if (run?.mayBeCommitted !== true || run.hasEnded)',
    'if (true)',
    MANY_SEEDS,
  ),
  mutation('an empty transaction is ended', ENDING, 'if (!job.run.isBegun) {', 'if (false) {'),
  mutation(
    'what has only sent records is not ended',
    SLOTS,
    'this.#markers.sent(); current?.begun(); }',
    'this.#markers.sent(); }',
  ),
  mutation(
    'an open transaction has no time limit',
    MANAGER,
    'this.#abort(job, this.#timeout(outOfTime(transactionTimeoutMs, job === this.#slots.next)));',
  ),
  mutation(
    'CONCURRENT_TRANSACTIONS is a failure',
    VERDICT,
    '[E.CONCURRENT_TRANSACTIONS]: BRIEFLY',
    '[E.CONCURRENT_TRANSACTIONS]: ABORT',
  ),
  mutation(
    'what the coordinator never began cannot be aborted',
    JOB,
    'run.isBeginUncertain = run.level === 1;',
    'run.isBeginUncertain = false;',
  ),
  mutation(
    'one garbled answer between transactions ends the producer',
    'producer/coordinating/transactional-identity.js',
    'isFirst: this.#current === null,',
    'isFirst: true,',
    MANY_SEEDS,
  ),
]
