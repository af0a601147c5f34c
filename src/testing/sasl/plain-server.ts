/**
 * PLAIN, the broker's side: one message with the password in it.
 *
 *   [authorisation id] NUL user NUL password
 *
 * Spec: RFC 4616; Kafka's PlainSaslServer, whose words these are. Neighbours: sasl-users.ts has the
 * passwords.
 */
import type { SaslUsers } from './sasl-users.js'
import type { ServerMechanism, ServerStep } from './server-mechanism.js'

export function plainServer(users: SaslUsers): ServerMechanism {
  return { step: (message) => judge(users, message) }
}

function judge(users: SaslUsers, message: Buffer): ServerStep {
  const parts = message.toString('utf8').split('\0')
  const [authorisationId = '', user = '', password = ''] = parts
  if (parts.length !== 3) {
    return refused(`Invalid SASL/PLAIN response: expected 3 tokens, got ${parts.length}`)
  }
  if (user === '') return refused('Authentication failed: username not specified')
  if (password === '') return refused('Authentication failed: password not specified')
  if (!users.isPassword(user, password)) {
    return refused('Authentication failed: Invalid username or password')
  }
  if (authorisationId !== '' && authorisationId !== user) {
    return refused(
      'Authentication failed: Client requested an authorization id that is different from username',
    )
  }
  return { kind: 'done', principal: user, bytes: new Uint8Array() }
}

function refused(message: string): ServerStep {
  return { kind: 'refused', message }
}
