/**
 * `node block-until-decided.js <topic> <broker> …` ends when no transaction in the topic is undecided.
 * A test runs it with `spawnSync`, so that its own producer, whose thread stands still meanwhile, knows
 * nothing of what the coordinator has done.
 *
 * Neighbour: timeout.broker.test.ts.
 */
import { untilDecided } from '../../broker/transactions.js'

const [topic = '', ...bootstrap] = process.argv.slice(2)
await untilDecided(bootstrap, topic)
