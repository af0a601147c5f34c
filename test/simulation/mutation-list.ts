/**
 * The defects that the simulation must find: rules of the producer broken one at a time.
 * Neighbours: mutations.ts applies them to the built files.
 */

/** One place of a built file, and what stands there instead. Layout does not count in `find`. */
export interface Change {
  /** Below `src/`. */
  readonly file: string
  readonly find: string
  readonly put: string
}

export interface Mutation {
  readonly name: string
  readonly changes: readonly Change[]
  /** Seeds to look in, where it takes a rare coincidence; default: as many as `npm test` runs. */
  readonly seeds?: number
}

/** For what takes a rare coincidence to be seen. */
const MANY_SEEDS = 8000

const QUEUE = 'producer/sending/partition-queue.js'
const DELIVERY = 'producer/completing/delivery.js'
const POLICY = 'producer/completing/retry-policy.js'
const BATCH = 'producer/batching/batch.js'
const ADMISSION = 'producer/intake/admission.js'
const CONNECTION = 'network/connection/connection.js'
const HOLD = 'network/connection/request-hold.js'
const SESSION = 'network/sasl/session.js'
const LOOP_CLOCK = 'loop-clock.js'

function mutation(name: string, file: string, find: string, put = ''): Mutation {
  return { name, changes: [{ file, find, put }] }
}

export const MUTATIONS: readonly Mutation[] = [
  // Sequences
  {
    name: 'new sequence numbers for each attempt',
    changes: [
      {
        file: 'producer/sending/sender.js',
        find: 'batch.ordinal < 0 && sequence',
        put: 'sequence',
      },
      { file: BATCH, find: 'if (this.#isSealed) return;', put: '' },
    ],
  },
  {
    name: 'sequence numbers when a batch is closed, not when it is sent',
    changes: [
      {
        file: BATCH,
        find: `close() { this.#transition('closed');`,
        put: `close() { this.#transition('closed'); if (this.queue.sequence) this.stamp = this.queue.sequence.take(this.recordCount);`,
      },
      {
        file: 'producer/sending/sender.js',
        find: 'batch.ordinal < 0 && sequence !== null',
        put: 'batch.ordinal < 0 && sequence !== null && batch.stamp.producerId < 0n',
      },
    ],
  },
  mutation(
    'numbers begin again under the same epoch',
    'producer/sequencing/partition-sequence.js',
    'producerEpoch: producerEpoch + 1',
    'producerEpoch',
  ),
  mutation(
    'sequence numbers go on beyond 2^31-1',
    'producer/sequencing/partition-sequence.js',
    '(sequence + count) % SEQUENCE_MODULUS',
    'sequence + count',
  ),
  mutation(
    'the epoch runs beyond its last',
    'producer/sequencing/partition-sequence.js',
    'if (producerEpoch >= MAX_PRODUCER_EPOCH)',
    'if (false)',
  ),
  // Order
  mutation(
    'several batches at once to a leader without proof',
    QUEUE,
    'this.isLeaderProven && this.sent.length',
    'this.sent.length',
  ),
  mutation(
    'the last one is tried again first',
    QUEUE,
    'if (index === 0) return this.sent[0];',
    'if (index === 0) return this.sent.findLast((batch) => !batch.isInAir);',
  ),
  {
    ...mutation(
      'several retries at once to a leader without proof',
      QUEUE,
      'this.isLeaderProven && isBehindAll',
      'isBehindAll',
    ),
    seeds: MANY_SEEDS,
  },
  mutation(
    'records overtake those that wait for room',
    ADMISSION,
    `if (this.#lot.mustWait(topic) && withoutRoom !== 'fed')`,
    'if (false)',
  ),
  mutation(
    'records overtake those that wait for their topic',
    ADMISSION,
    '!topic.isKnown || topic.taken.length > 0',
    '!topic.isKnown',
  ),
  mutation(
    'children of a split batch in the wrong order',
    DELIVERY,
    'queue.replaceSent(batch, children);',
    'queue.replaceSent(batch, children.reverse());',
  ),
  mutation(
    'children of a split batch all have its first number',
    'producer/batching/split-batch.js',
    'sequenceAfter(baseSequence, from)',
    'baseSequence',
  ),
  mutation('parts of a split batch share one place', QUEUE, 'ordinal += child.recordCount;'),
  mutation(
    'an overtaken batch is sent again',
    DELIVERY,
    'this.#failOvertaken(queue); this.resumeRestart(queue);',
    'this.resumeRestart(queue);',
  ),
  {
    name: 'more in flight than a broker remembers',
    changes: [
      { file: QUEUE, find: 'this.sent.length < maxInFlight', put: 'this.sent.length < 12' },
      {
        file: 'producer/sending/sender.js',
        find: 'outbox.requests.length < outbox.limit(this.#options.maxInFlight)',
        put: 'outbox.requests.length < 12',
      },
    ],
  },
  // Truth
  mutation(
    'a lost answer is forgotten',
    DELIVERY,
    'if (verdict.attemptMaybeWritten) batch.maybeWritten = true;',
  ),
  mutation(
    'in the air counts as not written',
    'producer/completing/delivery-errors.js',
    'batch.maybeWritten || batch.isInAir',
    'batch.maybeWritten',
  ),
  mutation(
    'NOT_LEADER_OR_FOLLOWER counts as not written',
    POLICY,
    'ErrorCodes.NOT_LEADER_OR_FOLLOWER,',
  ),
  mutation(
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND counts as not written',
    POLICY,
    'ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,',
  ),
  mutation('REQUEST_TIMED_OUT counts as not written', POLICY, 'ErrorCodes.REQUEST_TIMED_OUT,'),
  mutation(
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND counts as an acknowledgement',
    POLICY,
    'case ErrorCodes.NONE:',
    'case ErrorCodes.NONE: case ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND:',
  ),
  mutation(
    'an aborted record counts as not written',
    'producer/producer.js',
    `reject(aborted(signal, 'unknown', topic))`,
    `reject(aborted(signal, 'not-written', topic))`,
  ),
  {
    name: 'records are told twice',
    changes: [
      {
        file: BATCH,
        find: '#finish() { this.#waiters = NOBODY;',
        put: '#finish() {',
      },
      {
        file: BATCH,
        find: `assert(TRANSITIONS[this.#state].includes(to), \`a batch cannot go from \${this.#state} to \${to}\`);`,
        put: '',
      },
      {
        file: DELIVERY,
        find: 'if (batch.isDone) this.#leave(batch, true); else this.#acknowledge(batch, offsetOf',
        put: 'this.#acknowledge(batch, offsetOf',
      },
    ],
  },
  mutation(
    'offsets are told one off in larger batches',
    'producer/batching/record-metadata.js',
    'baseOffset + BigInt(this.index)',
    'baseOffset + BigInt(this.index > 2 ? this.index - 1 : this.index)',
  ),
  // Time
  mutation(
    'deadlines are judged before what has arrived is read',
    LOOP_CLOCK,
    'return this.#machine.setImmediate(whenRead);',
    'whenRead(); return { clear() {}, keepAlive() {} };',
  ),
  mutation('stalls are counted', LOOP_CLOCK, 'LONGEST_TURN_MS = 100', 'LONGEST_TURN_MS = Infinity'),
  mutation(
    'a record is larger than its bound says',
    'protocol/record-batch.js',
    'MAX_RECORD_OVERHEAD_BYTES = 21',
    'MAX_RECORD_OVERHEAD_BYTES = 8',
  ),
  mutation(
    'a batch that is too large fails as a whole',
    POLICY,
    `verdict(batch.recordCount > 1 ? 'split' : 'fail')`,
    `verdict('fail')`,
  ),
  mutation(
    'a list of records that is too large fails as a whole',
    POLICY,
    'case ErrorCodes.RECORD_LIST_TOO_LARGE:',
  ),
  mutation(
    'repeated refusals look for no leader',
    DELIVERY,
    'if (verdict.refreshMetadata || isRefusedAgain)',
    'if (verdict.refreshMetadata)',
  ),
  {
    name: 'a quota is not heeded, nor the pause that it brings',
    changes: [
      {
        file: 'producer/pacing/throttle-pace.js',
        find: 'this.#limitBytes = Math.max(LEAST_THROTTLED_BYTES',
        put: 'if (false) this.#limitBytes = Math.max(LEAST_THROTTLED_BYTES',
      },
      {
        file: 'network/connection/connection.js',
        find: 'this.#requests.postpone(this.#throttle.extend(throttleTimeMs));',
        put: 'this.#throttle.extend(throttleTimeMs);',
      },
    ],
  },
  // Memory, liveness, the end
  {
    ...mutation(
      'the buffer of an expired batch is used again while a socket may have it',
      DELIVERY,
      'if (!batch.isInAir) this.#leave(batch, false);',
      'this.#parts.accumulator.free(batch, true); if (!batch.isInAir) this.#leave(batch, false);',
    ),
    seeds: MANY_SEEDS,
  },
  mutation(
    'the memory of failed batches is kept',
    DELIVERY,
    'this.#parts.accumulator.free(batch, isAnswered',
    'if (isAnswered) this.#parts.accumulator.free(batch, isAnswered',
  ),
  mutation(
    'partitions left out of an answer are forgotten',
    DELIVERY,
    'if (request.hasBatches) this.lost(',
    'if (false) this.lost(',
  ),
  mutation(
    'a restart that waited for an answer is forgotten',
    DELIVERY,
    'if (queue.mustRestartSequence) this.#restartSequence(queue);',
  ),
  // Logins
  mutation(
    'a login begins while answers are owed',
    CONNECTION,
    'if (this.#isBusy()) await this.#hold.untilIdle();',
  ),
  mutation('requests leave in the middle of a login', HOLD, 'return this.isOn;', 'return false;'),
  mutation(
    'requests that a login kept waiting are forgotten',
    CONNECTION,
    'for (const request of held) request.send();',
  ),
  mutation(
    'a session is prolonged when it is over',
    SESSION,
    'const share = EARLIEST_SHARE + SHARE_SPREAD * this.#parts.random();',
    'const share = 1;',
  ),
  mutation(
    'a session that is over is written on',
    HOLD,
    'const isOver = isOpen && this.#held === undefined &&',
    'const isOver = false &&',
  ),
  {
    ...mutation(
      'the second answer of a login that may not be yet is not awaited',
      SESSION,
      'await connection.hold(); // both messages',
      '// both messages',
    ),
    seeds: MANY_SEEDS,
  },
  mutation(
    'a refused login is waited for as any failure',
    'network/control/control-plane.js',
    'isDecisive: (error) => error instanceof AuthenticationError',
    'isDecisive: () => false',
  ),
  {
    name: 'a refused login is tried again as soon as any failure',
    changes: [
      { file: 'network/metadata/refresh-schedule.js', find: 'const wait = isRefused ?', put: 'const wait = false ?' }, // prettier-ignore
      { file: 'network/brokers/broker-link.js', find: 'const wait = reason instanceof AuthenticationError ?', put: 'const wait = false ?' }, // prettier-ignore
      {
        file: 'network/metadata/refresh-loop.js',
        find: 'isUrgent: !isRefusedLogin',
        put: 'isUrgent: true',
      },
    ],
  },
  mutation(
    'who has refused a login is asked again while others are silent',
    'network/control/try-in-turn.js',
    'else if (!isDecisive)',
    'else',
  ),
  // Another cluster
  mutation(
    'a new connection for producing is not asked which cluster it leads to',
    'network/connection/open-connection.js',
    'if (isForProducing === true)',
    'if (false)',
  ),
  mutation(
    'the numbers outlive their cluster',
    'producer/pipeline.js',
    'this.delivery.renounceNumbers(queue);',
    'void queue;',
  ),
  mutation(
    'a topic that was idle begins under the same epoch',
    'producer/sequencing/producer-id.js',
    'producerEpoch: producerEpoch + 1',
    'producerEpoch',
  ),
  mutation(
    'a record that turns out larger overdraws the memory',
    'producer/batching/memory-budget.js',
    'if (bytes > this.availableBytes) return false;',
    'if (bytes > this.availableBytes + 4000) return false;',
  ),
  mutation(
    'what a sendAll feeds waits behind the rest of it',
    'producer/waiting/parking-lot.js',
    'topic.waiting.unshift(parked);',
    'topic.waiting.push(parked);',
  ),
  mutation(
    'flush passes over records that wait',
    'producer/waiting/flush.js',
    'for (const parked of lot) { open++;',
    'for (const parked of []) { open++;',
  ),
  mutation(
    'close leaves the timer running',
    'producer/sending/sender.js',
    'this.#isClosed = true; this.#timer?.clear();',
    'this.#isClosed = true;',
  ),
]

/**
 * Rules that spare a round trip, or that another rule holds as well: without them the broker answers
 * OUT_OF_ORDER_SEQUENCE_NUMBER, and the producer begins its numbers again all the same. Nobody may
 * lose by it, and so the simulation must stay silent: a test of the defence that stands behind.
 */
export const SILENT: readonly Mutation[] = [
  mutation(
    'a topic that records wait for is forgotten',
    'network/metadata/wanted-topics.js',
    'if (listener.isInUse?.(name) === true) continue;',
  ),
  mutation(
    'a pause that the broker wants is taken for its silence',
    CONNECTION,
    'this.#requests.postpone(this.#throttle.extend(throttleTimeMs));',
    'this.#throttle.extend(throttleTimeMs);',
  ),
  mutation(
    'after a throttle everything leaves at once',
    'producer/pacing/throttle-pace.js',
    'this.#limitBytes = Math.max(LEAST_THROTTLED_BYTES',
    'if (false) this.#limitBytes = Math.max(LEAST_THROTTLED_BYTES',
  ),
  mutation(
    'numbers begin again while answers are owed',
    DELIVERY,
    'if (queue.inAirCount > 0 || queue.awaitsIdentity) return;',
    'if (queue.awaitsIdentity) return;',
  ),
  mutation(
    'batches go out while the numbers must begin again',
    QUEUE,
    'if (this.mustRestartSequence) return null;',
  ),
  mutation('a gap is ignored', QUEUE, 'if (this.sequence?.hasGap === true) return false;'),
  mutation(
    'a batch that failed leaves no gap',
    DELIVERY,
    'if (batch.ordinal >= 0) queue.sequence?.lost(batch.ordinal);',
  ),
  mutation(
    'a new batch after a gap closes it',
    'producer/sequencing/partition-sequence.js',
    'if (ordinal >= this.#gapOrdinal)',
  ),
  mutation(
    'out of order in the middle begins the numbers again',
    POLICY,
    `if (!batch.isFirstUnresolved) return verdict('retry', { immediately: true }); return batch.maybeWritten ?`,
    'return batch.maybeWritten ?',
  ),
  mutation(
    'the new leader is not kept waiting for the old one',
    QUEUE,
    'if (this.inAirCount > 0 && this.inAirNodeId !== this.leaderId) return null;',
  ),
  mutation(
    'an expired batch leaves its place while in the air',
    DELIVERY,
    'if (!batch.isInAir) this.#leave(batch, false);',
    'this.#leave(batch, false);',
  ),
  mutation(
    'proof outlasts a failure',
    DELIVERY,
    'queue.isLeaderProven = false; // Where the leader moved',
    '// Where the leader moved',
  ),
  mutation(
    'new batches overtake a retry',
    QUEUE,
    'return mayFollow ? (this.sent[index] ?? null) : null;',
    'return mayFollow ? (this.sent[index] ?? null) : undefined;',
  ),
]
