import t from 'tap'
import { saslMechanism, type SaslOptions } from '../../../src/network/sasl/sasl-options.js'
import { step, testContext, testEnvironment, thrownBy } from './support.js'

function make(options: unknown) {
  return saslMechanism(options as SaslOptions, testEnvironment())
}

const token = (): { token: string } => ({ token: 'abc' })
const authenticate = (): undefined => undefined
const user = { username: 'u', password: 'hidden-4711' }

t.test('a mechanism is known in any case', async (t) => {
  const made: [object, string][] = [
    [{ mechanism: 'plain', ...user }, 'PLAIN'],
    [{ mechanism: 'Scram-Sha-256', ...user }, 'SCRAM-SHA-256'],
    [{ mechanism: 'SCRAM-SHA-512', ...user, isDelegationToken: true }, 'SCRAM-SHA-512'],
    [{ mechanism: 'oauthbearer', token }, 'OAUTHBEARER'],
    [{ mechanism: 'gssapi', authenticate }, 'GSSAPI'],
    [{ mechanism: 'Custom-1', authenticate }, 'Custom-1'],
    [{ mechanism: 'plain', authenticate }, 'PLAIN'],
    [
      { mechanism: 'PLAIN', username: () => 'u', password: async () => 'p', token: undefined },
      'PLAIN',
    ],
  ]
  for (const [options, name] of made) t.equal(make(options).name, name)
})

t.test('a delegation token reaches the mechanism', async (t) => {
  const mechanism = make({ mechanism: 'SCRAM-SHA-256', ...user, isDelegationToken: true })
  t.match(await step(mechanism.start(testContext())), /,tokenauth=true$/)
})

/** What a user may get wrong, and the words that fix it. */
const WRONG: [options: unknown, says: RegExp][] = [
  [undefined, /option sasl is undefined: give e\.g\. \{ mechanism/],
  [null, /option sasl is null/],
  ['u:hidden-4711', /option sasl is a string: give e\.g\./],
  [['PLAIN', 'hidden-4711'], /option sasl is an array/],
  [{}, /has no mechanism/],
  [{ username: 'u', password: 'hidden-4711' }, /has no mechanism/],
  [{ mechanism: '' }, /sasl\.mechanism is empty: give one of PLAIN, SCRAM-SHA-256/],
  [{ mechanism: 42 }, /is a number/],
  [{ mechanism: 'PLA IN', ...user }, /no mechanism's name/],
  [{ mechanism: 'x'.repeat(101), ...user }, /no mechanism's name/],
  [{ mechanism: 'SCRAM-SHA256', ...user }, /"SCRAM-SHA256".*did you mean SCRAM-SHA-256\?/],
  [{ mechanism: 'scram_sha_512', ...user }, /did you mean SCRAM-SHA-512\?/],
  [{ mechanism: 'OAUTH', token }, /did you mean OAUTHBEARER\?/],
  [{ mechanism: 'PLIAN', ...user }, /did you mean PLAIN\?/],
  [{ mechanism: 'kerberos', ...user }, /GSSAPI needs `authenticate`/],
  [{ mechanism: 'GSSAPI', ...user }, /GSSAPI needs `authenticate`/],
  [{ mechanism: 'AWS_MSK_IAM', ...user }, /token: mskIamToken\(\{ region \}\)/],
  [{ mechanism: 'DIGEST-MD5', ...user }, /it can be PLAIN, .* or any other with `authenticate`/],
  [{ mechanism: 'PLAIN', password: 'hidden-4711' }, /sasl\.username is missing: PLAIN needs/],
  [{ mechanism: 'PLAIN', username: 'u' }, /sasl\.password is missing/],
  [{ mechanism: 'PLAIN', username: '', password: 'hidden-4711' }, /sasl\.username is empty/],
  [{ mechanism: 'PLAIN', username: 'u', password: '' }, /sasl\.password is empty/],
  [{ mechanism: 'PLAIN', username: 'u', password: 'hidden-4711\0' }, /sasl\.password has a NUL/],
  [{ mechanism: 'SCRAM-SHA-256', username: 'u\0', password: 'hidden-4711' }, /username has a NUL/],
  [{ mechanism: 'PLAIN', username: 'u', password: 4711 }, /sasl\.password is of type number/],
  [{ mechanism: 'PLAIN', username: 'u', password: null }, /sasl\.password is null/],
  [{ mechanism: 'PLAIN', ...user, token }, /has token, which does not go with PLAIN/],
  [
    { mechanism: 'OAUTHBEARER', ...user, token },
    /has username, which does not go with OAUTHBEARER/,
  ],
  [
    { mechanism: 'GSSAPI', ...user, authenticate },
    /has username, which does not go with authenticate/,
  ],
  [{ mechanism: 'PLAIN', ...user, isDelegationToken: true }, /a delegation token logs in by SCRAM/],
  [{ mechanism: 'SCRAM-SHA-256', ...user, isDelegationToken: 'yes' }, /give true or false/],
  [{ mechanism: 'OAUTHBEARER' }, /sasl\.token is missing: give a function, async/],
  [{ mechanism: 'OAUTHBEARER', token: 'hidden-4711' }, /sasl\.token is a string: give a function/],
  [{ mechanism: 'GSSAPI', authenticate: 'x' }, /sasl\.authenticate is a string: give a function/],
  [
    { mechanism: 'PLAIN', usernam: 'u', password: 'hidden-4711' },
    /"usernam": did you mean username\?/,
  ],
  [{ mechanism: 'PLAIN', ...user, zzz: 'hidden-4711' }, /"zzz": it can have mechanism, username/],
  [{ mechanism: 'PLAIN', user: 'u', password: 'hidden-4711' }, /`username` here/],
  [{ mechanism: 'x', authenticationProvider: () => {} }, /`authenticate` here/],
  [{ mechanism: 'GSSAPI', authenticate, authenticationProvider: () => {} }, /`authenticate` here/],
  [{ mechanism: 'oauthbearer', oauthBearerProvider: () => {} }, /`token` here/],
  [{ mechanism: 'PLAIN', 'sasl.jaas.config': 'hidden-4711' }, /no JAAS here/],
  [{ 'sasl.mechanism': 'PLAIN' }, /it is `mechanism` here/],
  [{ mechanism: 'PLAIN', ...user, accessKeyId: 'x' }, /mskIamToken/],
]

for (const [options, says] of WRONG) {
  t.test(`refused: ${says.source}`, async (t) => {
    const error = thrownBy(() => make(options))
    t.match(error, { name: 'ConfigError', message: says })
    t.notMatch(error.message, /hidden/)
  })
}
