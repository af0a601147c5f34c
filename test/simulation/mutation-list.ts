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
  /** It breaks transactions: their simulation looks for it. */
  readonly isTransactional?: boolean
  /** Seeds to look in, where it takes a rare coincidence; default: as many as `npm test` runs. */
  readonly seeds?: number
}

/** For what takes a rare coincidence to be seen. */
const MANY_SEEDS = 8000

const QUEUE = 'producer/queueing/partition-queue.js'
const SENT = 'producer/queueing/sent-batches.js'
const COMPLETION = 'producer/completing/completion.js'
const SETTLEMENT = 'producer/completing/settlement.js'
const NUMBERING = 'producer/sequencing/numbering.js'
const POLICY = 'producer/completing/retry-policy.js'
const BATCH = 'producer/batching/batch.js'
const ADMISSION = 'producer/intake/admission.js'
const HOLD = 'network/connection/request-hold.js'
const CONNECTION = 'network/connection/connection.js'
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
      { file: NUMBERING, find: 'if (batch.ordinal >= 0) return; assert(', put: 'assert(' },
      { file: BATCH, find: 'if (this.#isSealed) return;', put: '' },
    ],
  },
  {
    name: 'sequence numbers when a batch is closed, not when it is sent',
    changes: [
      {
        file: QUEUE,
        find: 'closeOpen() {',
        put: 'closeOpen() { if (this.open !== null && this.isNumbered) this.#numbering.stamp(this.open);',
      },
      {
        file: NUMBERING,
        find: 'if (batch.ordinal >= 0) return; assert(',
        put: 'if (batch.ordinal >= 0 || batch.stamp.producerId >= 0n) return; assert(',
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
    'producerEpoch >= MAX_PRODUCER_EPOCH || ',
    '',
  ),
  mutation(
    'numbers begin again while answers are owed',
    NUMBERING,
    ' || this.#partition.owesAnswers) return;',
    ') return;',
  ),
  mutation(
    'a gap is ignored',
    NUMBERING,
    "return this.#sequence.hasGap ? 'gap' : null;",
    'return null;',
  ),
  mutation('a batch that failed leaves no gap', QUEUE, 'this.#numbering.failed(batch);'),
  mutation(
    'a new batch after a gap closes it',
    'producer/sequencing/partition-sequence.js',
    'if (ordinal >= this.#gapOrdinal)',
  ),
  mutation(
    'out of order in the middle begins the numbers again',
    POLICY,
    `if (!batch.isFirstUnresolved) return verdict('retry', { immediately: true });`,
    `if (!batch.isFirstUnresolved) return verdict('restart-sequence', { immediately: true });`,
  ),
  // Order
  mutation(
    'several batches at once to a leader without proof',
    QUEUE,
    "if (!this.#leader.isProven) return 'first answer';",
  ),
  mutation(
    'the last one is tried again first',
    SENT,
    'if (index === 0 && batch !== undefined) return batch;',
    'if (index === 0 && batch !== undefined) return this.#batches.findLast((it) => !it.isInFlight);',
  ),
  mutation(
    'several retries at once to a leader without proof',
    QUEUE,
    "this.#leader.isProven && numbers !== 'gap'",
    "numbers !== 'gap'",
  ),
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
    SETTLEMENT,
    'batch.queue.split(batch, parts);',
    'batch.queue.split(batch, parts.reverse());',
  ),
  mutation(
    'children of a split batch all have its first number',
    'producer/batching/split-batch.js',
    'sequenceAfter(baseSequence, from)',
    'baseSequence',
  ),
  mutation('parts of a split batch share one place', SENT, 'ordinal += part.recordCount;'),
  mutation(
    'an overtaken batch is sent again',
    COMPLETION,
    'for (const overtaken of queue.overtaken()) this.#failOvertaken(overtaken);',
  ),
  {
    name: 'more in flight than a broker remembers',
    changes: [
      {
        file: QUEUE,
        find: 'this.#sent.length >= this.#ports.maxInFlight',
        put: 'this.#sent.length >= 12',
      },
      {
        file: 'producer/sending/broker-sink.js',
        find: 'this.#inFlight.length < this.#pace.inFlightLimit(maxInFlight, this.#lines.isProbing())',
        put: 'this.#inFlight.length < 12',
      },
    ],
  },
  {
    ...mutation(
      'new batches overtake a retry',
      SENT,
      "return mayFollow && isBehindAll && index < maxInFlight ? batch : 'wait';",
      'return mayFollow && isBehindAll && index < maxInFlight ? batch : null;',
    ),
    seeds: MANY_SEEDS,
  },
  mutation(
    'proof outlasts a failure',
    'producer/queueing/leadership.js',
    'this.#isProven = false; if (isImmediate',
    'if (isImmediate',
  ),
  mutation(
    'the new leader is not kept waiting for the old one',
    QUEUE,
    "return inFlightCount > 0 && inFlightNodeId !== this.#leader.leaderId ? 'old leader' : null;",
    'return null;',
  ),
  mutation(
    'an expired batch leaves its place while in flight',
    SETTLEMENT,
    'if (!batch.isInFlight) this.leave(batch, false);',
    'this.leave(batch, false);',
  ),
  // Truth
  mutation('a lost answer is forgotten', BATCH, 'if (!maybeWritten) return;', 'return;'),
  mutation(
    'in flight counts as not written',
    'producer/completing/delivery-errors.js',
    'batch.maybeWritten || batch.isInFlight',
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
    'producer/intake/abortable-sends.js',
    `reject(abortedError(signal, 'unknown', topic))`,
    `reject(abortedError(signal, 'not-written', topic))`,
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
        file: COMPLETION,
        find: 'if (batch.isDone) this.#settlement.leave(batch, true); else this.#settlement.acknowledge(batch, offsetOf',
        put: 'this.#settlement.acknowledge(batch, offsetOf',
      },
    ],
  },
  mutation(
    'offsets are told one off in larger batches',
    'producer/batching/record-metadata.js',
    'baseOffset + BigInt(this.index)',
    'baseOffset + BigInt(this.index > 2 ? this.index - 1 : this.index)',
  ),
  {
    name: 'the logger is called amid an append',
    changes: [
      {
        file: 'logger.js',
        find: 'queueJob(() => call(level, facts, message))',
        put: 'call(level, facts, message)',
      },
      {
        file: 'producer/partitioning/placement.js',
        find: 'if (appended === Appended.batchFull && queue.open !== null)',
        put: 'if (false)',
      },
    ],
  },
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
    COMPLETION,
    'if (verdict.refreshMetadata || isRefusedAgain)',
    'if (verdict.refreshMetadata)',
  ),
  mutation(
    'a pause that the broker wants is taken for its silence',
    'network/connection/connection.js',
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
    'a topic that records wait for is forgotten',
    'network/metadata/wanted-topics.js',
    'if (listener.isInUse?.(name) === true) continue;',
  ),
  // Memory, liveness, the end
  mutation(
    'the buffer of an expired batch is used again while a socket may have it',
    SETTLEMENT,
    'if (!batch.isInFlight) this.leave(batch, false);',
    'this.#parts.accumulator.free(batch, true); if (!batch.isInFlight) this.leave(batch, false);',
  ),
  mutation(
    'the memory of failed batches is kept',
    SETTLEMENT,
    'this.#parts.accumulator.free(batch, isAnswered',
    'if (isAnswered) this.#parts.accumulator.free(batch, isAnswered',
  ),
  mutation(
    'partitions left out of an answer are forgotten',
    COMPLETION,
    'if (request.hasBatches) this.lost(',
    'if (false) this.lost(',
  ),
  mutation(
    'a refused producer id gets another epoch',
    'producer/sequencing/partition-sequence.js',
    'producerEpoch >= MAX_PRODUCER_EPOCH || this.#isIdRefused',
    'producerEpoch >= MAX_PRODUCER_EPOCH',
  ),
  mutation('a restart that waited for an answer is forgotten', NUMBERING, 'else this.#resume();'),
  // Logins
  mutation(
    'a login begins while answers are owed',
    CONNECTION,
    'if (this.#isBusy()) await this.#hold.untilIdle();',
  ),
  mutation('requests leave in the middle of a login', HOLD, 'return this.isOn;', 'return false;'),
  {
    ...mutation(
      'requests that a login kept waiting are forgotten',
      CONNECTION,
      'for (const request of this.#hold.end()) request.send();',
      'this.#hold.end();',
    ),
    seeds: MANY_SEEDS,
  },
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
    'network/control/control-addresses.js',
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
  {
    ...mutation(
      'a new connection for producing is not asked which cluster it leads to',
      'network/connection/open-connection.js',
      'if (isForProducing === true)',
      'if (false)',
    ),
    seeds: MANY_SEEDS,
  },
  mutation(
    'the numbers outlive their cluster',
    'producer/cluster-news.js',
    'queue.renounceNumbers();',
    'void queue;',
  ),
  mutation(
    'a topic that was idle begins under the same epoch',
    'producer/sequencing/producer-id.js',
    'producerEpoch: producerEpoch + 1',
    'producerEpoch',
  ),
  mutation(
    'a topic that is refused for good leaves its batches behind',
    'producer/partitioning/topic-directory.js',
    'if (topic.hasBatches) this.#lookLater(topic); else this.#drop(topic);',
    'this.#drop(topic);',
  ),
  mutation(
    'timers are as early as the timeouts of Node',
    LOOP_CLOCK,
    'leftMs > 0 && this.#tries++ < MOST_TRIES ? leftMs : 0',
    'leftMs >= 1 ? leftMs : 0',
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
    'producer/waiting/parking-lot.js',
    'countIn(parked, this.#parts.accumulator.spans.present);',
  ),
  mutation(
    'what a broker had in line stays there when another one leads it',
    'producer/sending/broker-lines.js',
    'return this.#first(this.#ready) !== undefined;',
    'return this.#ready.length > 0;',
  ),
  mutation(
    'close leaves the timer running',
    'producer/sending/sender.js',
    'this.#isClosed = true; this.#timer?.clear();',
    'this.#isClosed = true;',
  ),
]
