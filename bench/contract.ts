/**
 * What the bench and the programs that it measures say to each other. A *subject* is one program in
 * a process of its own: it gets one JSON argument (SubjectTask), does what that says, writes one
 * JSON line to stdout (SubjectReport) and ends with code 0. Peers in any language keep to the same.
 *
 *   bench  --- argv: SubjectTask --->  subject  --- produce --->  Kafka
 *          <-- stdout: SubjectReport -----+
 *
 * A process each, so that CPU, memory and event-loop delay are the subject's alone.
 *
 * Neighbours: support/subject.ts is the subject's side, support/run-subject.ts the bench's.
 */

/** How records are handed over: without a promise, with one each, or as lists of 1,000. */
export type Mode = 'enqueue' | 'send' | 'sendAll'

/** What every transactional subject asks for: Java's default. */
export const TRANSACTION_TIMEOUT_MS = 60_000

/** Producer settings, in Ottla's names. A peer takes those that it has. */
export interface Settings {
  readonly acks: 'all' | 0 | 1
  readonly idempotence: boolean
  readonly lingerMs: number
  readonly batchSizeBytes: number
  readonly maxInFlight: number
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | 'auto'
}

/** One piece of work. */
export interface SubjectTask {
  /** `host:port` of each broker. */
  readonly brokers: readonly string[]
  /** Speak TLS to them, and trust the authority in this PEM file; empty: plaintext. */
  readonly caFile: string
  /** Exists already. */
  readonly topic: string
  /** Partitions that the topic has. */
  readonly partitions: number
  /** Name records' partitions in turn, of this many; 0: the client's partitioner decides. */
  readonly busyPartitions: number
  /** Values, one a line, all ASCII; used in turn, from the first again at the end. */
  readonly valuesFile: string
  /** Of each value, or on average. */
  readonly valueBytes: number
  /** The lines are bytes in base64. Not for peers. */
  readonly valuesAreBase64: boolean
  /** Give each record a key (`key-0` to `key-999` in turn) and two headers. */
  readonly keysAndHeaders: boolean
  /** Give records these keys in turn, and no headers; none where empty. */
  readonly keys: readonly string[]
  readonly mode: Mode
  readonly settings: Settings
  /** True: `settings` is only what the comparison needs; the rest as the client's docs advise. */
  readonly recommended: boolean
  /** Records before the measured ones, acknowledged before these begin. */
  readonly warmupRecords: number
  /**
   * And a warm-up as long as this, like the measured phase: at a fixed rate that follows without a
   * pause, and what is due before it is not measured. 0: none.
   */
  readonly warmupSeconds: number
  /** The measured phase ends with this many records, … */
  readonly records: number
  /** … or after this long, whichever is first. */
  readonly maxSeconds: number
  /** Most records under way at once, where the subject is the one to bound them. */
  readonly outstanding: number
  /** One callback hears of every record of `enqueue`; only the subject `allocation` looks at it. */
  readonly hasCallback: boolean
  /** Producers, each in a worker thread; only the subject `workers` looks at it. */
  readonly threads: number
  /** Records a second, evenly spaced, whatever becomes of those before (open loop); 0: all it can. */
  readonly ratePerSecond: number
  /**
   * Records go in transactions of so many, one after the other, each committed; 0: none. The counts
   * of records above are then rounded up to whole transactions, and `warmupRecords` is 0.
   */
  readonly recordsPerTransaction: number
  /** The next transaction begins while the commit of the last is in flight; for Ottla alone. */
  readonly overlapsCommits: boolean
}

/** What came of it, in the measured phase alone. */
export interface SubjectReport {
  /** The client's version. */
  readonly version: string
  /** What ran it, e.g. `node 24.1.0`. */
  readonly runtime: string
  /** Acknowledged; a subject that had any other fails instead of reporting. */
  readonly records: number
  /**
   * With the warm-up's: what the topic has grown by (in transactions: what a consumer at
   * read_committed finds), which the bench checks; null where nothing was produced.
   */
  readonly totalRecords: number | null
  /** From the first record handed over (at a fixed rate: due) to the last one acknowledged. */
  readonly seconds: number
  /** User and system time of the whole process, in µs. */
  readonly cpuMicros: number
  /** Peak of the process's life. */
  readonly rssBytes: number
  /** How late the event loop came, in ms; null without an event loop. */
  readonly loopDelayP99Ms: number | null
  /**
   * From the moment a record was due to its acknowledgement, in ms (with `ratePerSecond`); of a
   * transaction, from its begin to the answer to its commit.
   */
  readonly latencyMs?: LatencySummary
  /** What `compression: 'auto'` chose, with its level. */
  readonly choice?: string | undefined
  /** Figures of one case, by name. */
  readonly figures?: Readonly<Record<string, number>>
}

/** Percentiles, in ms. */
export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}
