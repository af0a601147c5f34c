/**
 * The loads: what goes on beside the streams, and what must come of it.
 *
 * Neighbours: main.ts chooses and prints; stream.ts sends.
 */
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as forMs } from 'node:timers/promises'
import { oidcToken, type SaslOptions } from '../../src/index.js'
import { Connection } from '../../src/network/connection/connection.js'
import { judgeCases } from '../broker/secured/secured-records.js'
import type { SecuredKafka } from '../broker/secured/secured-kafka.js'
import { doorOf, unsecuredToken } from '../network/security/doors.js'
import { makeCertificate } from '../support/certificates.js'
import { HoldWatch, summarize } from './holds.js'
import type { StreamReport } from './stream.js'
import { Stream } from './stream.js'

const WARM_UP_SECONDS = 6

/** What a scenario has to say. */
export interface Outcome {
  readonly streams: readonly StreamReport[]
  readonly notes: readonly string[]
}

export interface Stage {
  readonly kafka: SecuredKafka
  readonly topic: string
  readonly seconds: number
  readonly recordsPerSecond: number
}

type Scenario = (stage: Stage) => Promise<Outcome>

/** A JVM that has just begun is slow for seconds: that is not to be measured. */
export async function warmUp(stage: Stage): Promise<void> {
  const { kafka } = stage
  const { name: username, password } = kafka.users.alice
  const topic = 'warm-up'
  await kafka.createTopic(topic)
  const sasl = { mechanism: 'SCRAM-SHA-512', username, password } as const
  const streams = ['SASL_SSL', 'SHORT', 'SSL'].map((listener) => {
    const more = listener === 'SSL' ? {} : { sasl }
    return streamOf({ ...stage, topic, seconds: WARM_UP_SECONDS }, listener, doorOf(kafka, listener as 'SSL', more)) // prettier-ignore
  })
  await Promise.all(streams.map((stream) => stream.run()))
}

/** By the name on the command line. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  reauthentication,
  certificates,
  endpoint,
  acl,
}

/** Three mechanisms on connections of three seconds, beside the same three without an end. */
async function reauthentication(stage: Stage): Promise<Outcome> {
  const { kafka } = stage
  const { name: username, password } = kafka.users.alice
  const logins: Readonly<Record<string, SaslOptions>> = {
    PLAIN: { mechanism: 'PLAIN', username, password },
    'SCRAM-SHA-512': { mechanism: 'SCRAM-SHA-512', username, password },
    OAUTHBEARER: { mechanism: 'OAUTHBEARER', token: unsecuredToken(username) },
  }
  const streams = Object.entries(logins).flatMap(([mechanism, sasl]) => [
    streamOf(stage, `${mechanism}, every 3 s`, doorOf(kafka, 'SHORT', { sasl })),
    streamOf(stage, `${mechanism}, once`, doorOf(kafka, 'SASL_SSL', { sasl })),
  ])
  const watch = new HoldWatch()
  try {
    await Promise.all(streams.map((stream) => stream.run()))
  } finally {
    watch.stop()
  }
  const ofMechanism = (name: string) =>
    summarize(watch.holds.filter(({ mechanism }) => name === `${mechanism}, every 3 s`))
  const verdicts = await judge(stage, streams)
  return {
    streams: streams.map((it) => it.report(verdictOf(verdicts, it), ofMechanism(it.options.name))),
    notes: [
      `${watch.openedCount} connections were opened by the six producers, two by each; ${watch.endings.length} ended before it was closed.`,
    ],
  }
}

/** Files of keys change, the broker's certificate changes, and connections are cut, five times. */
async function certificates(stage: Stage): Promise<Outcome> {
  const { kafka } = stage
  const folder = join(kafka.place.folder, 'rotating')
  await mkdir(folder, { recursive: true })
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await copyFile(kafka.keys.clients.carol.chainPath, cert)
  await copyFile(kafka.keys.clients.carol.keyPath, key)
  const tls = { ca: { path: kafka.keys.caPath }, cert: { path: cert }, key: { path: key } }
  const stream = streamOf(stage, 'MTLS', doorOf(kafka, 'MTLS', { tls }))
  const lines = new OpenLines()
  const running = stream.run()
  const rounds = 5
  for (let round = 0; round < rounds; round++) {
    await forMs((stage.seconds * 1_000) / (rounds + 1))
    const next = await makeCertificate(kafka.keys.authority, { commonName: 'carol' })
    await copyFile(next.chainPath, cert) // in two steps, as they change in real life too
    await copyFile(next.keyPath, key)
    await kafka.rotateCertificate('MTLS')
    lines.cut()
  }
  await running
  lines.stop()
  const verdicts = await judge(stage, [stream])
  return {
    streams: [stream.report(verdictOf(verdicts, stream))],
    notes: [
      `${rounds} times new files of the client’s, a new certificate of the broker’s, and all connections cut: ${lines.cutCount} in all.`,
    ],
  }
}

/** The token endpoint is down for 30 s: tokens that outlive it, and tokens that do not. */
async function endpoint(stage: Stage): Promise<Outcome> {
  const { kafka } = stage
  const lives = { 'tokens of 60 s': 60, 'tokens of 20 s': 20 }
  const issuers = await Promise.all(Object.keys(lives).map(() => kafka.startIssuer()))
  const streams = Object.entries(lives).map(([name, seconds], index) => {
    const issuer = issuers[index]
    if (issuer === undefined) throw new Error('there is an issuer for each')
    issuer.lifetimeSeconds = seconds
    const { name: clientId, password: clientSecret } = kafka.users.alice
    const token = oidcToken({ tokenUrl: issuer.tokenUrl, clientId, clientSecret })
    const sasl = { mechanism: 'OAUTHBEARER', token } as const
    return streamOf(stage, name, doorOf(kafka, 'OIDC', { sasl }))
  })
  const running = Promise.all(streams.map((stream) => stream.run()))
  await forMs(8_000)
  await Promise.all(issuers.map((issuer) => issuer.down()))
  await forMs(30_000)
  await Promise.all(issuers.map((issuer) => issuer.up()))
  await running
  await Promise.all(issuers.map((issuer) => issuer.close()))
  const verdicts = await judge(stage, streams)
  return {
    streams: streams.map((it) => it.report(verdictOf(verdicts, it))),
    notes: [
      'The endpoint is down from the 8th to the 38th second. A token that outlives this is used on; where it ends meanwhile, records wait until there is a new one.',
    ],
  }
}

/** Bob may write to two topics; one of them is taken away for a while, and given back. */
async function acl(stage: Stage): Promise<Outcome> {
  const { kafka, topic, seconds } = stage
  const other = `${topic}-other`
  await kafka.createTopic(other)
  const write = (resourceName: string) => {
    return {
      principal: 'User:bob',
      operation: 'write',
      resourceType: 'topic',
      resourceName,
    } as const
  }
  await kafka.grant(write(topic))
  await kafka.grant(write(other))
  const { name: username, password } = kafka.users.bob
  const door = doorOf(kafka, 'SASL_SSL', { sasl: { mechanism: 'PLAIN', username, password } })
  const streams = [streamOf(stage, 'taken away', door), streamOf({ ...stage, topic: other }, 'kept', door)] // prettier-ignore
  const [taken, kept] = streams as [Stream, Stream]
  kept.shareProducer(taken)
  const running = Promise.all(streams.map((stream) => stream.run()))
  await forMs((seconds * 1_000) / 3)
  await kafka.revoke(write(topic))
  await forMs((seconds * 1_000) / 3)
  const grantedMs = performance.now()
  await kafka.grant(write(topic))
  await running
  const first = taken.ackedAtMs.find((ms) => ms > grantedMs) ?? Number.NaN
  const verdicts = { ...(await judge(stage, [taken])), ...(await judge({ ...stage, topic: other }, [kept])) } // prettier-ignore
  return {
    streams: streams.map((it) => it.report(verdictOf(verdicts, it))),
    notes: [
      `Both streams are one producer’s. Failures of the one: ${JSON.stringify(taken.failures)}; of the other: ${JSON.stringify(kept.failures)}.`,
      `The first acknowledgement came ${Math.round(first - grantedMs)} ms after the grant was asked for.`,
    ],
  }
}

function streamOf(
  { topic, seconds, recordsPerSecond }: Stage,
  name: string,
  producer: ReturnType<typeof doorOf>,
): Stream {
  return new Stream({ name, topic, producer, seconds, recordsPerSecond })
}

type Verdicts = Awaited<ReturnType<typeof judgeCases>>

/** Lost are those that were acknowledged and are not there. */
async function judge({ kafka, topic }: Stage, streams: readonly Stream[]): Promise<Verdicts> {
  return judgeCases(
    kafka,
    topic,
    Object.fromEntries(streams.map(({ options, acked }) => [options.name, acked])),
  )
}

function verdictOf(verdicts: Verdicts, { options: { name } }: Stream): StreamReport['verdict'] {
  const verdict = verdicts[name]
  if (verdict === undefined) throw new Error(`${name} was not judged`)
  return verdict
}

/** Every connection of this process, to cut them. */
class OpenLines {
  cutCount = 0
  readonly #open = new Set<Connection>()
  readonly #restore: () => void

  constructor() {
    const { becomeReady } = Connection.prototype
    const open = this.#open
    Connection.prototype.becomeReady = function (...args) {
      open.add(this)
      becomeReady.apply(this, args)
    }
    this.#restore = () => (Connection.prototype.becomeReady = becomeReady)
  }

  cut(): void {
    for (const connection of this.#open) {
      if (connection.isOpen) this.cutCount++
      connection.onClose(new Error('the load has cut the line'))
    }
    this.#open.clear()
  }

  stop(): void {
    this.#restore()
  }
}
