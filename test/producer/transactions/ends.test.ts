/** How transactions end other than by a call: their time, close, a newer producer, another cluster. */
import t from 'tap'
import {
  ABORTED,
  CLOSED,
  fateOf,
  FENCED,
  LEVELS,
  rig,
  TIMEOUT,
  UNKNOWN,
  type Rig,
  type TestProducer,
  type TestTransaction,
} from './support.js'

const OFFSETS = [{ topic: 'input', partition: 0, offset: 1n }]
const SHORT = { transactionTimeoutMs: 6000, deliveryTimeoutMs: 3000, requestTimeoutMs: 1000 }

t.test('a transaction is aborted before the coordinator would do so', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: SHORT })
    const transaction = await it.begin()
    await it.advance(20_000)
    t.equal(transaction.state, 'open', 'no time runs before the first record')
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    await it.advance(4900)
    t.equal(transaction.state, 'open')
    await it.advance(200)
    t.equal(transaction.state, 'aborted')
    t.strictSame(it.ends, [false])
    const error = await it.failure(transaction.commit())
    t.match(error, { code: ABORTED, retriable: true, cause: { code: TIMEOUT } })
    t.match(error.message, /6000 ms \(transactionTimeoutMs\)/)
    await it.commit('b')
    t.strictSame(it.committed(), ['b'], `level ${level}`)
    t.equal(it.count('InitProducerId'), 1)
  }
})

t.test('a transaction that the coordinator has timed out', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, {
      producer: SHORT,
      transactions: { timeoutCheckIntervalMs: 1000 },
    })
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    const thaw = it.network.stall(it.cluster.bootstrap[0] ?? '')
    await it.advance(9000)
    thaw()
    // Below level 2 the coordinator says the same of a timeout as of a newer producer.
    t.equal(await it.fate(transaction.commit()), level === 2 ? ABORTED : FENCED)
    t.equal(await it.fate(it.producer.begin()), level === 2 ? 'ok' : FENCED, `level ${level}`)
    t.strictSame(it.committed(), [])
  }
})

t.test('a commit that meets the time-out of the coordinator', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    const { cluster } = it
    const timedOut = cluster.transactions.get('copy-0')
    t.equal(timedOut?.state, 'Ongoing')
    it.cluster.failNext('EndTxn', { disconnect: 'before', times: 2 })
    const committed = fateOf(transaction.commit())
    await it.until(() => it.count('EndTxn') === 1)
    const other = it.open('copy-0')
    await it.run(other.connect())
    // The first attempt's answer was lost, so that nobody can know whether it was carried out.
    t.equal(await it.run(committed), UNKNOWN, `level ${level}`)
    t.strictSame(it.committed(), [])
  }
})

// Close

t.test('close waits for a commit, aborts what is open, and refuses who waits', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const first = await it.begin()
    void it.send(first, 'a')
    it.cluster.failNext('EndTxn', { delayMs: 700 })
    const committed = fateOf(first.commit())
    await it.until(() => it.count('EndTxn') === 1)
    const second = await it.begin()
    const sent = it.send(second, 'b')
    const third = fateOf(it.producer.begin())
    await it.settle()
    const closed = fateOf(it.producer.close())
    t.equal(await it.run(third), CLOSED)
    t.equal(await it.run(committed), 'ok')
    t.equal(await it.run(sent), ABORTED)
    t.equal(second.state, 'aborted')
    t.equal(await it.run(closed), 'ok')
    t.strictSame(it.committed(), ['a'], `level ${level}`)
    t.equal(it.network.streamCount(), 0)
    t.strictSame(it.ends, [true], 'the second had sent nothing')
  }
})

t.test('close aborts an open transaction at the coordinator', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'a'))
    const [one, two] = [fateOf(it.producer.close()), fateOf(it.producer.close())]
    t.strictSame(await it.run(Promise.all([one, two])), ['ok', 'ok'])
    t.strictSame(it.ends, [false])
    t.equal(it.cluster.transactions.get('copy-0')?.state, 'CompleteAbort')
    t.match(await it.failure(transaction.commit()), { code: ABORTED, cause: { code: CLOSED } })
  }
})

t.test(
  'close with timeoutMs 0 sends nothing, and the transaction stays open until the next',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level)
      const transaction = await it.begin()
      await it.run(it.send(transaction, 'a'))
      const startMs = it.clock.monotonicMs()
      t.equal(await it.fate(it.producer.close({ timeoutMs: 0 })), 'ok')
      t.equal(it.clock.monotonicMs(), startMs)
      t.strictSame(it.ends, [])
      t.equal(it.cluster.transactions.get('copy-0')?.state, 'Ongoing')
      t.equal(await it.fate(transaction.commit()), ABORTED)
      await it.run(it.open('copy-0').connect())
      t.strictSame(it.committed(), [])
    }
  },
)

t.test('close that gives a commit up says that its outcome is unknown', async (t) => {
  for (const level of LEVELS) {
    for (const timeoutMs of [0, 100]) {
      const it = await rig(t, level)
      const transaction = await it.begin()
      void it.send(transaction, 'a')
      it.cluster.failNext('EndTxn', { silent: true })
      const committed = fateOf(transaction.commit())
      await it.until(() => it.count('EndTxn') === 1)
      t.equal(await it.fate(it.producer.close({ timeoutMs })), 'ok')
      t.equal(await it.run(committed), UNKNOWN)
      t.equal(transaction.state, 'unknown')
      t.strictSame(it.committed(), ['a'], `level ${level}`)
    }
  }
})

t.test('close while it connects, and before anything', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('InitProducerId', { delayMs: 5000 })
    const connected = fateOf(it.producer.connect())
    const begun = fateOf(it.producer.begin())
    await it.until(() => it.count('InitProducerId') === 1)
    t.equal(await it.fate(it.producer.close()), 'ok')
    t.equal(await it.run(connected), CLOSED)
    t.equal(await it.run(begun), CLOSED)
    t.equal(await it.fate(it.open('idle').close()), 'ok')
  }
})

t.test('disposed, a producer is closed; nothing is left: no timer, no socket', async (t) => {
  for (const level of LEVELS) {
    for (const end of ['commit', 'abort', 'none', 'unknown', 'fenced'] as const) {
      const it = await rig(t, level)
      const transaction = await it.begin()
      void it.send(transaction, 'a')
      void fateOf(transaction.sendOffsets('g', OFFSETS))
      if (end === 'unknown') it.cluster.failNext('EndTxn', { errorCode: -1 })
      if (end === 'fenced') await it.run(it.open('copy-0').connect())
      if (end === 'abort') await it.run(transaction.abort())
      else if (end !== 'none') await it.fate(transaction.commit())
      await it.run(it.producer[Symbol.asyncDispose]())
      await it.close()
      await it.settle()
      t.equal(it.network.streamCount(), 0, `level ${level}, ${end}`)
      t.equal(it.clock.keepAliveTimerCount, 0, `level ${level}, ${end}`)
      t.equal(it.clock.timerCount, 0, `level ${level}, ${end}`)
    }
  }
})

// Two producers with one id

/** What the older one has come to when the newer one comes, and what it does next. */
const POINTS: Readonly<
  Record<
    string,
    (it: Rig) => Promise<{ next(): Promise<string>; stored?: string[]; fate?: string[] }>
  >
> = {
  async 'it has connected'(it) {
    await it.run(it.producer.connect())
    return { next: () => use(it.producer) }
  },
  async 'it has begun'(it) {
    const transaction = await it.begin()
    return { next: () => sendAndCommit(transaction) }
  },
  async 'a record is stored'(it) {
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'old'))
    return { next: () => sendAndCommit(transaction) }
  },
  async 'a record is stored, and it commits'(it) {
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'old'))
    return { next: () => fateOf(transaction.commit()) }
  },
  async 'a record is stored, and it aborts'(it) {
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'old'))
    return { next: () => fateOf(transaction.abort()) }
  },
  async 'offsets are sent'(it) {
    const transaction = await it.begin()
    await it.run(transaction.sendOffsets('g', OFFSETS))
    return { next: () => fateOf(transaction.commit()) }
  },
  async 'offsets are sent, and more'(it) {
    const transaction = await it.begin()
    await it.run(transaction.sendOffsets('g', OFFSETS))
    return {
      next: async () => {
        await fateOf(transaction.sendOffsets('g', OFFSETS))
        return fateOf(transaction.commit())
      },
    }
  },
  async 'a record is in flight'(it) {
    const transaction = await it.begin()
    it.cluster.failNext('Produce', { delayMs: 400 })
    void it.send(transaction, 'old')
    await it.until(() => it.count('Produce') === 1)
    return { next: () => fateOf(transaction.commit()) }
  },
  async 'a record is sent, and another waits'(it) {
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'old'))
    it.cluster.failNext('Produce', { disconnect: 'before' })
    void it.send(transaction, 'old too')
    await it.until(() => it.count('Produce') === 2)
    return { next: () => fateOf(transaction.commit()) }
  },
  async 'it has committed'(it) {
    await it.commit('old')
    return { next: () => use(it.producer), stored: ['old'] }
  },
  async 'it has committed, and begun the next'(it) {
    await it.commit('old')
    const transaction = await it.begin()
    return { next: () => sendAndCommit(transaction), stored: ['old'] }
  },
  async 'its markers are being written'(it) {
    it.cluster.transactions.markerDelayMs = 300
    await it.commit('old')
    return { next: () => use(it.producer), stored: ['old'] }
  },
  async 'it has aborted'(it) {
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'old'))
    await it.run(transaction.abort())
    return { next: () => use(it.producer) }
  },
}

async function use(producer: TestProducer): Promise<string> {
  return fateOf(producer.transaction((txn) => txn.send({ topic: 'orders', value: 'older' })))
}

async function sendAndCommit(transaction: TestTransaction): Promise<string> {
  await fateOf(transaction.send({ topic: 'orders', value: 'older' }))
  return fateOf(transaction.commit())
}

for (const [name, reach] of Object.entries(POINTS)) {
  t.test(`a newer producer comes when ${name}: the older one is fenced`, async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level)
      const { next, stored = [] } = await reach(it)
      const newer = it.open('copy-0')
      t.equal(await it.fate(newer.connect()), 'ok')
      const transaction = await it.begin(newer)
      void it.send(transaction, 'new')
      t.equal(await it.run(next()), FENCED, `level ${level}`)
      t.equal(await it.fate(it.producer.begin()), FENCED)
      t.equal(await it.fate(it.producer.connect()), FENCED)
      t.equal(await it.fate(transaction.commit()), 'ok', 'the newer one is not disturbed')
      await it.advance(1000)
      t.strictSame(it.committed(), [...stored, 'new'])
      t.strictSame(it.cluster.committedOffsets('g'), [])
      t.equal(it.requests('InitProducerId').length >= 2, true)
      t.match(it.errors.join(), /the transactional producer cannot go on/)
    }
  })
}

// Another cluster

t.test('another cluster at the addresses, while a transaction is open', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    await it.commit('a')
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'b'))
    it.cluster.wipe()
    it.cluster.createTopic('orders', { partitions: 3 })
    void it.send(transaction, 'c')
    t.match(await it.failure(transaction.commit()), { code: ABORTED, retriable: true })
    await it.commit('d')
    t.strictSame(it.stored(), ['d'], `level ${level}`)
    t.strictSame(it.committed(), ['d'])
  }
})

t.test('another cluster at the addresses, between transactions', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    await it.commit('a')
    it.cluster.wipe()
    it.cluster.createTopic('orders', { partitions: 3 })
    const result = it.producer.transaction(
      (txn) => txn.send({ topic: 'orders', partition: 0, value: 'b' }),
      { attempts: 5 },
    )
    t.equal(await it.fate(result), 'ok', `level ${level}`)
    t.strictSame(it.committed(), ['b'])
  }
})

t.test('another cluster at the addresses, under a commit', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    void it.send(transaction, 'a')
    it.cluster.failNext('EndTxn', { silent: true })
    const committed = fateOf(transaction.commit())
    await it.until(() => it.count('EndTxn') === 1)
    it.cluster.wipe()
    it.cluster.createTopic('orders', { partitions: 3 })
    t.not(await it.run(committed), 'ok', `level ${level}: the new cluster knows nothing of it`)
    t.strictSame(it.committed(), [])
  }
})

// What is not allowed

t.test('a transactional id that is forbidden, and then granted', async (t) => {
  for (const level of LEVELS) {
    for (const operation of [undefined, 'Describe', 'Write'] as const) {
      const it = await rig(t, level)
      const grant = it.cluster.forbid({ transactionalId: 'copy-0', operation })
      const error = await it.failure(it.producer.connect())
      t.match(error, { code: 'ERR_OTTLA_AUTHORIZATION', resourceType: 'TransactionalId', resourceName: 'copy-0' })
      t.equal(await it.fate(it.open('copy-1').connect()), 'ok', 'another id is not concerned')
      grant()
      t.equal(await it.fate(it.producer.begin()), 'ok', `level ${level}, ${operation}`)
    }
  }
}) // prettier-ignore

t.test('a group, or its topic, that is forbidden', async (t) => {
  for (const level of LEVELS) {
    for (const operation of [undefined, 'Describe', 'Read'] as const) {
      const it = await rig(t, level)
      const grant = it.cluster.forbid({ group: 'g', operation })
      const transaction = await it.begin()
      void it.send(transaction, 'a')
      const error = await it.failure(transaction.sendOffsets('g', OFFSETS))
      const cause = { code: 'ERR_OTTLA_AUTHORIZATION', resourceType: 'Group', resourceName: 'g' }
      t.match(error, { code: ABORTED, retriable: false, cause }, `level ${level}, ${operation}`)
      t.equal(await it.fate(transaction.commit()), ABORTED)
      grant()
      const second = await it.begin()
      t.equal(await it.fate(second.sendOffsets('g', OFFSETS)), 'ok')
      t.equal(await it.fate(second.commit()), 'ok')
      t.strictSame(it.committed(), [])
    }
  }
})

t.test('a topic that is forbidden to one partition’s records', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const grant = it.cluster.forbid({ topic: 'orders', operation: 'Write' })
    const transaction = await it.begin()
    const sent = it.send(transaction, 'a')
    const error = await it.failure(transaction.commit())
    t.match(error, { code: ABORTED, retriable: false, cause: { code: 'ERR_OTTLA_AUTHORIZATION' } })
    t.not(await it.run(sent), 'ok')
    grant()
    await it.commit('b')
    t.strictSame(it.committed(), ['b'], `level ${level}`)
  }
})

t.test('a transactionTimeoutMs that the brokers do not allow', async (t) => {
  const it = await rig(t, 2, { transactions: { maxTimeoutMs: 1000 } })
  const error = await it.failure(it.producer.connect())
  t.match(error, { code: 'ERR_OTTLA_FATAL', message: /transaction.max.timeout.ms/ })
})

// The rest of the members of a group

t.test('a member that has lost its group is refused', async (t) => {
  const errors = {
    generation: { generationId: 1, memberId: 'm' },
    stranger: { generationId: 2, memberId: 'other' },
    instance: { generationId: 2, memberId: 'm', groupInstanceId: 'j' },
  }
  for (const level of LEVELS) {
    for (const [name, member] of Object.entries(errors)) {
      const it = await rig(t, level)
      const members = [{ memberId: 'm' }, { memberId: 'n', groupInstanceId: 'j' }]
      it.cluster.consumerGroup('g', { generationId: 2, members })
      const transaction = await it.begin()
      const group = { groupId: 'g', ...member }
      t.match(await it.failure(transaction.sendOffsets(group, OFFSETS)), { code: ABORTED }, name)
      t.equal(await it.fate(transaction.commit()), ABORTED)
      t.strictSame(it.cluster.committedOffsets('g'), [])
      const second = await it.begin()
      const right = { groupId: 'g', generationId: 2, memberId: 'm' }
      t.equal(await it.fate(second.sendOffsets(right, OFFSETS)), 'ok', `level ${level}`)
      t.equal(await it.fate(second.commit()), 'ok')
      t.equal(it.cluster.committedOffsets('g').length, 1)
    }
  }
})

t.test('the coordinator moves at each point of a transaction', async (t) => {
  for (const level of LEVELS) {
    for (const api of ['InitProducerId', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn'] as const) {
      for (const write of ['keep', 'lose'] as const) {
        const it = await rig(t, level, { brokers: 3 })
        it.cluster.transactions.logWriteDelayMs = 20
        const move = async (): Promise<void> => {
          await it.until(() => it.count(api) === 1)
          it.cluster.transactions.moveCoordinator('copy-0', (it.cluster.transactions.coordinatorOf('copy-0') % 3) + 1, { write })
        }
        const result = it.producer.transaction(async (txn) => {
          await txn.send({ topic: 'orders', partition: 0, value: 'a' })
          await txn.sendOffsets('g', OFFSETS)
        })
        const fate = fateOf(result)
        if (level === 1 || api === 'InitProducerId' || api === 'EndTxn') await move()
        t.equal(await it.run(fate), 'ok', `level ${level}, ${api}, ${write}`)
        await it.advance(1000)
        t.strictSame(it.committed(), ['a'])
        t.equal(it.cluster.committedOffsets('g').length, 1)
      }
    }
  }
}) // prettier-ignore
