/**
 * The peers that `npm run chaos -- --peers` sends through the same faults: which programs, with which
 * settings. Why each is fed as it is stands in its program. Java's is no peer's package, and is not
 * here.
 *
 * Neighbours: bench/peers has and installs the packages.
 */
import { installPeers } from '../../../bench/peers/install.js'
import { FRANZ_GO_CHAOS, PEERS } from '../../../bench/peers/registry.js'

/** One row of the table: a program that takes the file of its task as its last argument. */
export interface PeerSubject {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** For the task's `settings`. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Whether it runs with `idempotence: false`. */
  readonly canBeWithoutIdempotence: boolean
}

interface PeerForm {
  readonly title: string
  /** Its name in the bench's registry. */
  readonly peer: string
  readonly settings?: Readonly<Record<string, unknown>>
}

const FORMS: readonly PeerForm[] = [
  { title: 'franz-go', peer: 'franz-go' },
  { title: 'node-rdkafka', peer: 'node-rdkafka' },
  {
    title: 'node-rdkafka, reconnectBackoffMaxMs 1000',
    peer: 'node-rdkafka',
    settings: { reconnectBackoffMaxMs: 1_000 },
  },
  { title: 'kafkajs', peer: 'kafkajs' },
  {
    title: 'kafkajs, each partition awaited',
    peer: 'kafkajs',
    settings: { awaitEachPartition: true },
  },
  { title: '@platformatic/kafka', peer: '@platformatic/kafka' },
  {
    title: '@platformatic/kafka, each partition awaited',
    peer: '@platformatic/kafka',
    settings: { awaitEachPartition: true },
  },
  { title: 'kafka-ts', peer: 'kafka-ts' },
]

const PROGRAMS: Readonly<Record<string, string>> = {
  kafkajs: 'kafkajs',
  '@platformatic/kafka': 'platformatic',
  'kafka-ts': 'kafka-ts',
  'node-rdkafka': 'node-rdkafka',
}

/** Installs what is not there yet; what cannot be installed is told to `log` and left out. */
export async function installPeerSubjects(log: (line: string) => void): Promise<PeerSubject[]> {
  const wanted = PEERS.filter(({ name }) => FORMS.some(({ peer }) => peer === name))
  const { peers, newerNode } = await installPeers(wanted, log)
  return FORMS.flatMap(({ title, peer, settings }) => {
    const found = peers.find(({ name }) => name === peer)
    if (found === undefined) return []
    const node = found.node === 'newer' ? newerNode : process.execPath
    const program = PROGRAMS[peer]
    return {
      name: title,
      command: program === undefined ? FRANZ_GO_CHAOS : node,
      args: program === undefined ? [] : [new URL(`${program}.js`, import.meta.url).pathname],
      ...(settings === undefined ? {} : { settings }),
      canBeWithoutIdempotence: peer !== 'kafka-ts',
    }
  })
}
