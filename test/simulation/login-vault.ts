/**
 * Who the simulated producer logs in as, and with what: the functions that it asks for credentials,
 * which fail, hang or take their time now and then, and what the cluster takes.
 *
 * Neighbours: simulation.ts gives both sides theirs; login-faults.ts turns it.
 */
import type { Clock } from '../../src/clock.js'
import type { SaslOptions } from '../../src/network/sasl/sasl-options.js'
import type { TestCluster, TestSaslOptions } from '../../src/testing/cluster.js'
import type { SaslPlan } from './plan.js'
import type { Random } from './random.js'

/** Both may log in, and write. */
const USERS = ['alice', 'bob'] as const
/** Another program's: nobody takes his password away. */
export const OTHER_USER = { username: 'other', password: 'other-secret' } as const

const SLOW_MS = 150

/** What becomes of a call for credentials. */
export type Mood = 'well' | 'fails' | 'hangs' | 'slow'

export class LoginVault {
  readonly #plan: SaslPlan
  readonly #clock: Clock
  readonly #random: Random
  #user: (typeof USERS)[number] = 'alice'
  #number = 1
  #isLocked: boolean
  mood: Mood = 'well'
  /** Those who wait for a token that hangs; their call is shared, and has a limit of half a minute. */
  #hanging: (() => void)[] = []

  constructor(plan: SaslPlan, clock: Clock, random: Random) {
    this.#plan = plan
    this.#clock = clock
    this.#random = random
    this.#isLocked = plan.isLockedAtFirst
  }

  /** Of the producer. */
  get options(): SaslOptions {
    if (this.#plan.mechanism === 'OAUTHBEARER') {
      const token = (): string => `${this.#user}.${this.#secret}`
      return { mechanism: 'OAUTHBEARER', token: async () => ({ token: await this.#ask(token) }) }
    }
    return {
      mechanism: 'PLAIN',
      username: () => this.#ask(() => this.#user),
      password: () => this.#ask(() => this.#secret),
    }
  }

  /** Of the cluster. */
  get testOptions(): TestSaslOptions {
    const users = Object.fromEntries(USERS.map((user) => [user, this.#secret]))
    const { username, password } = OTHER_USER
    return {
      users: { ...(this.#isLocked ? {} : users), [username]: password },
      tokens: (token) => this.#judge(token),
      sessionLifetimeMs: this.#plan.lifetimesMs[0] ?? 0,
      failureDelayMs: this.#plan.failureDelayMs,
    }
  }

  /** The functions answer again; where a password hangs it does so for good, as its login is given up. */
  recover(): void {
    this.mood = 'well'
    const hanging = this.#hanging.splice(0)
    if (this.#plan.mechanism === 'OAUTHBEARER') for (const answer of hanging) answer()
  }

  /** From now on the cluster knows nobody, or another password. */
  lock(cluster: TestCluster): void {
    this.#isLocked = true
    for (const user of USERS) {
      if (this.#random.chance(0.5)) cluster.sasl.removeUser(user)
      else cluster.sasl.setPassword(user, 'another')
    }
  }

  /** And from now on what the producer has. */
  unlock(cluster: TestCluster): void {
    this.#isLocked = false
    for (const user of USERS) cluster.sasl.setPassword(user, this.#secret)
  }

  /** Another password, on both sides at once; tokens of before stay good. */
  rotate(cluster: TestCluster): void {
    this.#number++
    if (!this.#isLocked) this.unlock(cluster)
  }

  /** Logins from now on are another user's: a broker refuses that on a connection of the first one. */
  changeUser(): void {
    this.#user = this.#user === 'alice' ? 'bob' : 'alice'
  }

  get #secret(): string {
    return `secret${this.#number}`
  }

  #judge(token: string): { principal: string } | null {
    const [user, secret = ''] = token.split('.')
    const isKnown = USERS.some((known) => known === user) && /^secret\d+$/.test(secret)
    return isKnown && !this.#isLocked ? { principal: user ?? '' } : null
  }

  #ask(answer: () => string): string | Promise<string> {
    switch (this.mood) {
      case 'well':
        return answer()
      case 'fails':
        throw new Error('the vault of the simulation is shut')
      case 'hangs':
        return new Promise((resolve) => this.#hanging.push(() => resolve(answer())))
      case 'slow':
        return new Promise((resolve) => {
          this.#clock.setTimer(() => resolve(answer()), this.#random.around(SLOW_MS))
        })
    }
  }
}
