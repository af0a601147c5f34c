/**
 * The slow part of SCRAM: password and salt, hashed some thousand times over. Done on a thread of
 * libuv's pool, and once while password, salt and iterations stay what they are: the brokers of a
 * cluster share them, and so do the logins of one connection.
 *
 * Spec: RFC 5802, `SaltedPassword := Hi(password, salt, i)`. Neighbours: scram.ts.
 */
import { Secret } from '../../secret.js'
import { nodeCrypto } from '../../late-modules.js'

interface Salted {
  readonly password: Secret<string>
  readonly salt: Buffer
  readonly iterations: number
  readonly result: Promise<Secret<Buffer>>
}

/** The last result, with what it was made from; also the one in the making. */
export class SaltedPassword {
  readonly #hash: string
  readonly #hashBytes: number
  #last: Salted | undefined

  constructor(hash: string, hashBytes: number) {
    this.#hash = hash
    this.#hashBytes = hashBytes
  }

  of(password: Secret<string>, salt: Buffer, iterations: number): Promise<Secret<Buffer>> {
    const last = this.#last
    if (last !== undefined && isSame(last, password, salt, iterations)) return last.result
    const result = this.#derive(password, salt, iterations)
    const made = { password, salt, iterations, result }
    this.#last = made
    result.catch(() => {
      if (this.#last === made) this.#last = undefined
    })
    return result
  }

  #derive(password: Secret<string>, salt: Buffer, iterations: number): Promise<Secret<Buffer>> {
    return new Promise((resolve, reject) => {
      const text = Buffer.from(password.reveal())
      nodeCrypto().pbkdf2(text, salt, iterations, this.#hashBytes, this.#hash, (error, key) => {
        if (error === null) resolve(new Secret(key))
        else reject(error)
      })
    })
  }
}

function isSame(last: Salted, password: Secret<string>, salt: Buffer, iterations: number): boolean {
  if (last.iterations !== iterations || !last.salt.equals(salt)) return false
  return last.password.reveal() === password.reveal() // both are ours: nobody can time this
}
