/**
 * What goes wrong with logins: sessions of any length, credentials that change, brokers that refuse or
 * keep silent, and functions of the user's that do not answer.
 *
 * Neighbours: later-faults.ts draws among them; login-vault.ts has the credentials.
 */
import { ErrorCodes, type Fault } from '../../src/testing/cluster.js'
import type { FaultParts } from './faults.js'
import type { FaultTools, WeightedFault } from './later-faults.js'
import type { LoginVault, Mood } from './login-vault.js'
import type { Kind } from './plan.js'

type LoginApi = 'SaslHandshake' | 'SaslAuthenticate'

const { SASL_AUTHENTICATION_FAILED, ILLEGAL_SASL_STATE, UNSUPPORTED_SASL_MECHANISM } = ErrorCodes

export function loginFaults(parts: FaultParts, tools: FaultTools): readonly WeightedFault[] {
  const { vault, random, cluster, plan, tell } = parts
  if (vault === null || plan.sasl === null) return []
  const { lifetimesMs } = plan.sasl
  const weight = (kind: Kind, its: number): number => (plan.kinds.has(kind) ? its : 0)
  const [again, refused] = ['re-authentication', 'refused-logins'] as const
  const fail = (api: LoginApi, fault: Fault): void => {
    tools.fail(api, { ...fault, times: random.pick([1, 1, 2, 4]) })
  }
  return [
    [
      weight(again, 8),
      () => {
        const lifetimeMs = random.pick(lifetimesMs)
        tell(`fault: sessions last for ${lifetimeMs} ms`)
        cluster.sasl.sessionLifetimeMs = lifetimeMs
      },
    ],
    [
      weight(again, 4),
      () => {
        tell('fault: another password, on both sides')
        vault.rotate(cluster)
      },
    ],
    [
      weight(again, 3),
      () => {
        tell('fault: another user')
        vault.changeUser()
      },
    ],
    [weight(again, 3), () => fail('SaslHandshake', { errorCode: ILLEGAL_SASL_STATE })],
    [weight(again, 3), () => turn(parts, tools, vault, 'slow')],
    [weight(again, 3), () => fail(random.pick(APIS), { delayMs: random.around(300) })],
    [weight(refused, 6), () => lock(parts, tools, vault)],
    [weight(refused, 5), () => fail('SaslAuthenticate', { errorCode: SASL_AUTHENTICATION_FAILED })],
    [weight(refused, 2), () => fail('SaslAuthenticate', { errorCode: ILLEGAL_SASL_STATE })],
    [weight(refused, 2), () => fail('SaslHandshake', { errorCode: UNSUPPORTED_SASL_MECHANISM })],
    [weight(refused, 3), () => fail(random.pick(APIS), { disconnect: 'before' })],
    [weight(refused, 3), () => fail(random.pick(APIS), { disconnect: 'after' })],
    [weight(refused, 3), () => fail(random.pick(APIS), { silent: true })],
    [weight(refused, 2), () => fail(random.pick(APIS), { cutAnswerAt: random.integer(0, 30) })],
    [weight(refused, 6), () => turn(parts, tools, vault, random.pick(['fails', 'hangs', 'slow']))],
  ]
}

const APIS: readonly LoginApi[] = ['SaslHandshake', 'SaslAuthenticate']

function lock({ cluster, tell }: FaultParts, { undoLater }: FaultTools, vault: LoginVault): void {
  tell('fault: the credentials are refused')
  vault.lock(cluster)
  undoLater('the credentials are refused', () => vault.unlock(cluster))
}

function turn(
  { tell }: FaultParts,
  { undoLater }: FaultTools,
  vault: LoginVault,
  mood: Mood,
): void {
  tell(`fault: the vault ${mood}`)
  vault.mood = mood
  undoLater(`the vault ${mood}`, () => vault.recover())
}
