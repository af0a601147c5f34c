/**
 * What the tests of this room share: an environment on a clock turned by hand, exchanges that are
 * driven to their end, a SCRAM server, and a search for secrets.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { inspect } from 'node:util'
import type {
  SaslContext,
  SaslEnvironment,
  SaslExchange,
} from '../../../src/network/sasl/mechanism.js'
import { ManualClock } from '../../support/manual-clock.js'

export interface TestEnvironment extends SaslEnvironment {
  readonly clock: ManualClock
  /** What was logged: facts and sentence. */
  readonly logged: [object, string][]
}

export function testEnvironment(random = 0): TestEnvironment {
  const logged: [object, string][] = []
  const log = (facts: object, message: string): void => void logged.push([facts, message])
  const logger = { debug: log, info: log, warn: log, error: log }
  return { clock: new ManualClock(), random: () => random, logger, logged }
}

/** A login at `broker-1:9092`, with the means to give it up. */
export function testContext(): SaslContext & { giveUp(reason: Error): void } {
  const controller = new AbortController()
  const giveUp = (reason: Error): void => controller.abort(reason)
  return { host: 'broker-1', port: 9092, signal: controller.signal, giveUp }
}

/** Bytes of a text. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** The next message as text; undefined at the end. */
export async function step(
  exchange: SaslExchange,
  challenge?: string,
): Promise<string | undefined> {
  const answer = await exchange.step(challenge === undefined ? undefined : bytes(challenge))
  return answer && Buffer.from(answer).toString('latin1')
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not reject')
}

/** What a call throws. */
export function thrownBy(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not throw')
}

/** Everything that any way of printing makes of a value, its causes included. */
export function everythingOf(value: unknown): string {
  const texts: string[] = []
  for (let it = value; it !== undefined && it !== null; it = (it as { cause?: unknown }).cause) {
    texts.push(inspect(it, { showHidden: true, depth: 20, getters: true }), String(it))
    texts.push(JSON.stringify({ it }), JSON.stringify(Object.getOwnPropertyDescriptors(it)))
    texts.push((it as Error).stack ?? '')
  }
  return texts.join('\n')
}

/** What a SCRAM server may be asked to do. */
export interface ScramServer {
  /** Answer to client-first. */
  first(clientFirst: string): string
  /** Answer to client-final; throws where the proof is wrong. */
  final(clientFinal: string): string
}

/** A server that knows one password, as Kafka's. */
export function scramServer(
  hash: 'sha256' | 'sha512',
  password: string,
  { salt = 'a salt', iterations = 4096, extra = '' } = {},
): ScramServer {
  const size = hash === 'sha256' ? 32 : 64
  const salted = pbkdf2Sync(password, salt, iterations, size, hash)
  const hmac = (key: Buffer, data: string): Buffer =>
    createHmac(hash, key).update(Buffer.from(data, 'latin1')).digest()
  let said = ''
  return {
    first(clientFirst) {
      const bare = clientFirst.replace(/^n,,/, '')
      const nonce = /,r=([^,]*)/.exec(bare)?.[1] ?? ''
      const answer = `r=${nonce}theirs,s=${Buffer.from(salt).toString('base64')},i=${iterations}${extra}`
      said = `${bare},${answer}`
      return answer
    },
    final(clientFinal) {
      const [, bare = '', proof = ''] = /^(.*),p=(.*)$/.exec(clientFinal) ?? []
      const message = `${said},${bare}`
      const clientKey = hmac(salted, 'Client Key')
      const signature = hmac(createHash(hash).update(clientKey).digest(), message)
      const expected = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))
      if (expected.toString('base64') !== proof) throw new Error('wrong password')
      return `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`
    },
  }
}
