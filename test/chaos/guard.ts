/**
 * How the brokers of a chaos run are guarded: SASL_SSL with SCRAM-SHA-512 where clients come in through
 * the proxies, which pass bytes that they cannot read.
 *
 * Neighbours: cluster.ts starts them with it; main.ts has `--secured`; the programs get the login.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterSetUp } from '../broker/cluster.js'
import type { Kafka } from '../broker/kafka.js'
import { keystoreSettings, makeBrokerCertificate } from '../broker/secured/keys.js'
import { isScramUser } from '../broker/secured/raw-login.js'
import { putScramUser } from '../broker/secured/scram-users.js'
import { waitUntil } from '../broker/wait.js'
import { makeAuthority } from '../support/certificates.js'
import type { ChaosLogin } from './peers/program.js'

const MECHANISM = 'SCRAM-SHA-512'
const USER = { name: 'chaos', password: 'chaos-secret' }
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
const USER_TIMEOUT_MS = 20_000

export class Guard {
  #caFile = ''

  /** Makes keys in the cluster's folder, and says what the brokers are to be set to. */
  async setUp(folder: string): Promise<ClusterSetUp> {
    const place = join(folder, 'keys')
    await mkdir(place)
    const authority = await makeAuthority(place, 'chaos-ca')
    this.#caFile = authority.certPath
    return {
      listeners: [],
      config: {
        'ssl.keystore.type': 'PEM',
        ...(await keystoreSettings(await makeBrokerCertificate(authority))),
        'listener.name.client.sasl.enabled.mechanisms': MECHANISM,
        [`listener.name.client.${MECHANISM.toLowerCase()}.sasl.jaas.config`]: SCRAM,
      },
      jvmFlags: [],
      proxiedProtocol: 'SASL_SSL',
    }
  }

  /** Makes the user; resolves with the login once every broker knows it. */
  async admit({ bootstrap, nodes }: Kafka): Promise<ChaosLogin> {
    await putScramUser(bootstrap[0] ?? '', USER)
    const ca = await readFile(this.#caFile, 'utf8')
    for (const { id, proxied } of nodes) {
      const target = { address: `127.0.0.1:${proxied?.port ?? 0}`, ca }
      await waitUntil(() => isScramUser(target, USER.name), {
        what: `broker ${id} to know the user ${USER.name}`,
        timeoutMs: USER_TIMEOUT_MS,
      })
    }
    const { name: username, password } = USER
    return { caFile: this.#caFile, mechanism: MECHANISM, username, password }
  }
}
