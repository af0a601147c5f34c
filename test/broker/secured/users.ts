/**
 * Who may log in to a secured Kafka, and with what. ACLs judge their names, whatever the mechanism:
 * `alice` is the same principal by PLAIN, SCRAM and token.
 */

/** A user that is there from the beginning. */
export interface SecuredUser {
  readonly name: string
  readonly password: string
  /** By which of PLAIN and SCRAM (both of them). OAUTHBEARER takes any name. */
  readonly by: readonly ('plain' | 'scram')[]
  /** May do everything; others may do what they are granted. */
  readonly isSuper: boolean
}

export const USERS = {
  alice: {
    name: 'alice',
    password: 'alice-secret',
    by: ['plain', 'scram'],
    isSuper: true,
  },
  /** Nothing is granted to him but what a test grants. */
  bob: {
    name: 'bob',
    password: 'bob-secret',
    by: ['plain', 'scram'],
    isSuper: false,
  },
  /** Everything that SCRAM escapes; Kafka takes no other than ASCII names with it. */
  oddScram: {
    name: `o'neil, "x"=1`,
    password: 'p,w=d \\ ü',
    by: ['scram'],
    isSuper: true,
  },
  /** No quotes in the name: the broker's own settings could not say it. */
  oddPlain: {
    name: 'jürgen',
    password: 'p,w=d \\ "ü" ž',
    by: ['plain'],
    isSuper: true,
  },
} as const satisfies Readonly<Record<string, SecuredUser>>

/** All of them. */
export const ALL_USERS: readonly SecuredUser[] = Object.values(USERS)

/** The principal that a client's certificate is, besides those of the users. */
export const SUPER_CERTIFICATE = 'CN=carol'
