/**
 * Every case, in the order in which the help lists them.
 */
import { article } from './article.js'
import { auto } from './auto.js'
import { batches } from './batches.js'
import { brokers } from './brokers.js'
import type { Case } from './case.js'
import { codecs } from './codecs.js'
import { latency } from './latency.js'
import { linger } from './linger.js'
import { memory } from './memory.js'
import { partitions } from './partitions.js'
import { sizes } from './sizes.js'
import { start } from './start.js'
import { surfaces } from './surfaces.js'
import { throughput } from './throughput.js'
import { tls } from './tls.js'
import { transactions } from './transactions.js'
import { way } from './way.js'
import { workers } from './workers.js'

export const CASES: readonly Case[] = [
  throughput,
  tls,
  sizes,
  article,
  codecs,
  auto,
  partitions,
  brokers,
  latency,
  way,
  transactions,
  start,
  memory,
  batches,
  linger,
  workers,
  surfaces,
]
