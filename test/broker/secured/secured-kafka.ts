/**
 * A Kafka that is guarded: TLS, SASL and ACLs on a listener for each case (secured-config.ts), one
 * process from the jars. Over its PLAINTEXT listener it is a Kafka like any other, for topics and
 * for reading back; `listeners`, `keys` and `users` are for the clients under test.
 *
 * Tests share the one that run.ts starts when the first of them asks for it (lobby.ts). One that a
 * test may freeze, kill or give new certificates is of its own (`own`).
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCluster, type ClusterSetUp } from '../cluster.js'
import { kafkaClassPath, whyNoJars } from '../jars.js'
import { NoKafkaError, type KafkaNode } from '../kafka.js'
import type { JarsNode } from '../node.js'
import { RunningKafka, type Started } from '../running-kafka.js'
import { kafkaVersion, KNOWN_VERSIONS, PINNED_VERSION, type KafkaVersion } from '../versions.js'
import { waitUntil } from '../wait.js'
import { createAcl, deleteAcl, type Acl } from './acls.js'
import { alterBrokerSettings } from './broker-setting.js'
import { keystoreSettings, makeBrokerCertificate, makeKeys, type SecuredKeys } from './keys.js'
import { placeOfLobby } from './lobby.js'
import { isScramUser } from './raw-login.js'
import { putScramUser, removeScramUser, type ScramUser } from './scram-users.js'
import { securedSetUp, withPrefix, type SecuredListener } from './secured-config.js'
import { TokenIssuer, type IssuerOptions } from './token-issuer.js'
import { ALL_USERS, USERS } from './users.js'

const USERS_TIMEOUT_MS = 20_000

/** Which one is wanted. */
export interface SecuredOptions {
  /** One of versions.ts. Default: that of the other Kafka of this run, else the pinned one. */
  readonly version?: string
  /** True: nobody else has it, and `node` may be killed. */
  readonly own?: boolean
  /** Broker settings beyond those of secured-config.ts; only with `own`. */
  readonly config?: Readonly<Record<string, string>>
  /** Of the broker's Java, beyond ours; only with `own`. */
  readonly jvmFlags?: readonly string[]
  /** What is done, one line each. Default: to stderr. */
  readonly log?: (line: string) => void
}

/** All that another process needs to use it too: plain data. */
export interface SecuredPlace {
  readonly version: string
  readonly folder: string
  /** `host:port` of PLAINTEXT. */
  readonly plaintext: string
  readonly listeners: Readonly<Partial<Record<SecuredListener, string>>>
  readonly keys: SecuredKeys
}

/** The shared one, or with `own` another. Rejects with NoKafkaError where none can be had. */
export async function startSecuredKafka(options: SecuredOptions = {}): Promise<SecuredKafka> {
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`))
  if (options.own !== true) {
    const place = await placeOfLobby()
    const isWanted = options.version === undefined || options.version === place?.version
    if (place !== undefined && isWanted) return new SecuredKafka(place, log)
  }
  const version = wantedVersion(options.version)
  const reason = await whyNoJars()
  if (reason !== null) throw new NoKafkaError(`A secured Kafka is run from its jars, and ${reason}`)
  return startFromJars(version, options, log)
}

function wantedVersion(version: string | undefined): KafkaVersion {
  const ofThisRun = KNOWN_VERSIONS.find((known) => known === process.env.OTTLA_KAFKA_VERSION)
  return kafkaVersion(version ?? ofThisRun ?? PINNED_VERSION)
}

async function startFromJars(
  version: KafkaVersion,
  { config = {}, jvmFlags = [] }: SecuredOptions,
  log: (line: string) => void,
): Promise<SecuredKafka> {
  const classPath = await kafkaClassPath(version, log)
  log(`starting Kafka ${version.version} from its jars, secured`)
  const startedMs = performance.now()
  const made = new SetUp(version)
  const { metadata } = version.security
  const cluster = await startCluster({
    version: { ...version, metadata },
    ...{ classPath, nodes: 1, config, setUp: (folder) => made.run(folder, jvmFlags) },
  }).catch(async (error: unknown) => {
    await made.issuer?.close()
    throw error
  })
  const stop = async (): Promise<void> => {
    await Promise.all([cluster.stop(), made.issuer?.close()])
  }
  const kafka = new SecuredKafka(placeOf(version, cluster, made.keys), log, { ...cluster, stop })
  await kafka.putUsers().catch(async (error: unknown) => {
    await stop()
    throw error
  })
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
  log(`Kafka ${version.version}, secured, is up after ${seconds} s`)
  return kafka
}

/** What is made before the broker starts: it reads the issuer's keys from one that is up. */
class SetUp {
  issuer: TokenIssuer | undefined
  #keys: SecuredKeys | undefined
  readonly #version: KafkaVersion

  constructor(version: KafkaVersion) {
    this.#version = version
  }

  get keys(): SecuredKeys {
    if (this.#keys === undefined) throw new Error('the set-up has not run')
    return this.#keys
  }

  async run(folder: string, jvmFlags: readonly string[]): Promise<ClusterSetUp> {
    const place = join(folder, 'keys')
    await mkdir(place)
    this.#keys = await makeKeys(place)
    const privateKeyPem = await readFile(this.#keys.issuerKeyPath, 'utf8')
    this.issuer = await TokenIssuer.start({ privateKeyPem, clients: {} })
    const setUp = await securedSetUp(this.#version.security, this.#keys, this.issuer.jwksUrl)
    return { ...setUp, jvmFlags: [...setUp.jvmFlags, ...jvmFlags] }
  }
}

function placeOf(
  { version }: KafkaVersion,
  cluster: { readonly folder: string; readonly nodes: readonly JarsNode[] },
  keys: SecuredKeys,
): SecuredPlace {
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('the cluster has no node')
  const { address, listeners } = node
  return { version, folder: cluster.folder, plaintext: address, listeners, keys }
}

export class SecuredKafka extends RunningKafka {
  /** What `lobby.ts` hands to other processes. */
  readonly place: SecuredPlace
  readonly users = USERS

  constructor(place: SecuredPlace, log: (line: string) => void, started?: Started) {
    const { version, plaintext, folder } = place
    super({ kind: 'jars', version, bootstrap: [plaintext], folder }, log, started)
    this.place = place
  }

  get keys(): SecuredKeys {
    return this.place.keys
  }

  /** The broker's process; only of one's own. */
  get node(): KafkaNode {
    const [node] = this.nodes
    if (node === undefined) throw new Error('this secured Kafka is shared: ask for one with `own`')
    return node
  }

  /** False for OIDC before Kafka 3.1. */
  has(listener: SecuredListener): boolean {
    return this.place.listeners[listener] !== undefined
  }

  /** `host:port` of a listener. */
  listener(name: SecuredListener): string {
    const address = this.place.listeners[name]
    if (address === undefined) throw new Error(`Kafka ${this.version} has no listener ${name}`)
    return address
  }

  /** Resolves when the broker judges by it. Use a topic of the test's own: others run beside it. */
  grant(acl: Acl): Promise<void> {
    return createAcl(this.place.plaintext, acl)
  }

  /** Resolves when the broker no longer judges by it. */
  revoke(acl: Acl): Promise<void> {
    return deleteAcl(this.place.plaintext, acl)
  }

  /** A SCRAM user more, or another password; resolves when the broker knows the name. */
  async putUser(user: ScramUser): Promise<void> {
    await putScramUser(this.place.plaintext, user)
    await this.#untilUser(user.name, true)
  }

  /** Resolves when the broker no longer knows the name. */
  async removeUser(name: string): Promise<void> {
    await removeScramUser(this.place.plaintext, name)
    await this.#untilUser(name, false)
  }

  /** All the users of the beginning that SCRAM has. */
  async putUsers(): Promise<void> {
    for (const user of ALL_USERS) if (user.by.includes('scram')) await this.putUser(user)
  }

  /**
   * An issuer for one test, whose tokens the listener OIDC takes. Its clients are the users, by name
   * and password, unless `options` say otherwise. The caller closes it.
   */
  async startIssuer(options: Partial<IssuerOptions> = {}): Promise<TokenIssuer> {
    const privateKeyPem = await readFile(this.keys.issuerKeyPath, 'utf8')
    const clients = Object.fromEntries(ALL_USERS.map(({ name, password }) => [name, password]))
    return TokenIssuer.start({ privateKeyPem, clients, ...options })
  }

  /** The listener shows a certificate with a new key from a moment later on: on one's own only. */
  async rotateCertificate(listener: SecuredListener): Promise<void> {
    const certificate = await makeBrokerCertificate(this.keys.authority)
    const prefix = `listener.name.${listener.toLowerCase()}`
    const settings = withPrefix(prefix, await keystoreSettings(certificate))
    await alterBrokerSettings(this.place.plaintext, settings)
  }

  async #untilUser(name: string, isThere: boolean): Promise<void> {
    const target = { address: this.listener('SASL_PLAINTEXT') }
    await waitUntil(async () => (await isScramUser(target, name)) === isThere, {
      what: `the SCRAM user ${name} to be ${isThere ? 'there' : 'gone'}`,
      timeoutMs: USERS_TIMEOUT_MS,
    })
  }
}
